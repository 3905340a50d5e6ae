"""Who asks AWS: the SDK's own credentials, or a role they may assume; and what is said when neither will do."""

from datetime import date

import pytest

from app.errors import BadInput, NotPermitted, Unavailable
from ingest.aws.session import AwsSettings, connect, identity
from tests.ingest.aws.conftest import Moto
from tests.ingest.aws.fakes import Answer, answering, error

pytestmark = pytest.mark.slow

ROLE = "arn:aws:iam::123456789012:role/billing"
ASSUMED = Answer(
    b"<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s"
    b"</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
    b"<AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/billing/trueup</Arn><AssumedRoleId>A:trueup"
    b"</AssumedRoleId></AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>"
)
CALLER = Answer(
    b"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:sts::123456789012:assumed-role/billing/trueup"
    b"</Arn><UserId>A:trueup</UserId><Account>123456789012</Account></GetCallerIdentityResult>"
    b"</GetCallerIdentityResponse>",
    headers={"Date": "Tue, 30 Jun 2026 23:30:00 GMT"},
)


def test_the_endpoint_is_the_settings_or_the_environments(moto: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    assert identity(connect(AwsSettings(endpoint_url=moto.url))).account_id == "123456789012"
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto.url)
    assert identity(connect(AwsSettings())).account_id == "123456789012"


def test_a_role_is_assumed(moto: Moto) -> None:
    settings = AwsSettings(role_arn=ROLE, external_id="acme-7", endpoint_url=moto.url)
    assert identity(connect(settings)).arn == "arn:aws:sts::123456789012:assumed-role/billing/trueup"


def test_the_role_is_asked_for_with_the_external_id_and_signs_what_follows(credentials: None) -> None:
    with answering(ASSUMED, CALLER) as sts:
        who = identity(connect(AwsSettings(role_arn=ROLE, external_id="acme-7", endpoint_url=sts.url)))
    assert b"ExternalId=acme-7" in sts.asked[0].body
    assert "Credential=AKIAIOSFODNN7EXAMPLE/" in sts.asked[0].headers["authorization"]
    assert "Credential=ASIAROLE/" in sts.asked[1].headers["authorization"]
    assert who.today == date(2026, 6, 30)  # as the service's clock has it


@pytest.mark.parametrize(
    ("role", "address"),
    [
        (ROLE, "https://s3.us-east-1.amazonaws.com"),
        ("arn:aws-cn:iam::123456789012:role/billing", "https://s3.cn-north-1.amazonaws.com.cn"),
        ("arn:aws-us-gov:iam::123456789012:role/billing", "https://s3.us-gov-west-1.amazonaws.com"),
    ],
)
def test_without_a_region_the_partition_of_the_role_tells(credentials: None, role: str, address: str) -> None:
    url = connect(AwsSettings(role_arn=role)).client("s3").meta.endpoint_url
    assert url in {address, "https://s3.amazonaws.com"}
    assert connect(AwsSettings(role_arn=role, region="eu-central-1")).region == "eu-central-1"


def test_without_credentials_it_is_said_how_to_give_some(
    credentials: None, moto: Moto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    for settings in (AwsSettings(endpoint_url=moto.url), AwsSettings(endpoint_url=moto.url, role_arn=ROLE)):
        with pytest.raises(NotPermitted, match=r"no usable AWS credentials.*AWS_PROFILE"):
            identity(connect(settings))


def test_a_profile_that_is_not_there_is_named(credentials: None) -> None:
    with pytest.raises(NotPermitted, match="finance"):
        connect(AwsSettings(profile="finance"))


def test_a_role_that_does_not_trust_us_names_the_permission(credentials: None) -> None:
    refused = "User: arn:aws:iam::1:user/x is not authorized to perform: sts:AssumeRole on resource: " + ROLE
    with (
        answering(error("sts:AccessDenied", 403, refused)) as sts,
        pytest.raises(NotPermitted, match=r"permission sts:AssumeRole is missing.*sts:ExternalId"),
    ):
        identity(connect(AwsSettings(role_arn=ROLE, endpoint_url=sts.url)))


def test_an_expired_token_is_said_to_be_expired(credentials: None) -> None:
    with (
        answering(error("sts:ExpiredToken", 403)) as sts,
        pytest.raises(NotPermitted, match=r"credentials have expired \(ExpiredToken\). Sign in again"),
    ):
        identity(connect(AwsSettings(endpoint_url=sts.url)))


def test_an_aws_that_is_not_reached_may_be_later(credentials: None, impatient: None) -> None:
    with pytest.raises(Unavailable, match="cannot be reached"):
        identity(connect(AwsSettings(endpoint_url="http://127.0.0.1:1")))


@pytest.mark.parametrize(
    "settings",
    [AwsSettings(endpoint_url="nowhere"), AwsSettings(region="Frankfurt am Main")],
    ids=["endpoint", "region"],
)
def test_settings_that_cannot_be_are_refused(credentials: None, settings: AwsSettings) -> None:
    with pytest.raises(BadInput, match="Check"):
        identity(connect(settings))
