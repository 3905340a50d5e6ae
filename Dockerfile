# Trueup, in an image of its own: dashboard, API and scheduler. It wants a PostgreSQL; docker-compose.yml brings one.

FROM python:3.11-slim AS build
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_NO_CACHE=1

# The tools and the dependencies change seldom: they get layers of their own.
COPY requirements/build.txt requirements/base.txt requirements/
RUN python -m venv /build \
    && /build/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt \
    && python -m venv --without-pip /opt/trueup \
    && /build/bin/uv pip install --python /opt/trueup/bin/python --require-hashes -r requirements/base.txt

COPY pyproject.toml README.md ./
COPY app app
COPY frontend frontend
COPY ingest ingest
COPY migrations migrations
RUN /build/bin/python -m hatchling build -t wheel -d /wheel \
    && /build/bin/uv pip install --python /opt/trueup/bin/python --no-deps /wheel/*.whl


FROM python:3.11-slim
RUN groupadd --system --gid 10001 trueup \
    && useradd --system --uid 10001 --gid trueup --home-dir /var/lib/trueup --shell /usr/sbin/nologin trueup \
    && install --directory --owner trueup --group trueup --mode 0750 /var/lib/trueup
COPY --from=build /opt/trueup /opt/trueup

ENV PATH=/opt/trueup/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    TRUEUP_AUTH=keys \
    TRUEUP_DATA_DIR=/var/lib/trueup
USER trueup
WORKDIR /var/lib/trueup
VOLUME /var/lib/trueup
EXPOSE 8000

HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/api/v1/health/ready', timeout=4)"]
CMD ["trueup", "serve", "--host", "0.0.0.0", "--port", "8000"]
