"""Names of GPUs and machines, as drivers, bills and people spell them, brought together."""

import re

_BETWEEN = re.compile(r"[\s_:;,()\[\]/|]+")
# What providers put before the name of the same thing: Azure's sizes, SageMaker's and search's instances, drivers.
_PREFIX = re.compile(r"^(?:standard|nvidia|tesla|amd)$")
_SERVICE = re.compile(r"^(?:ml|cache|db)\.(?=[a-z][a-z0-9-]*\.)")


def plain_name(text: str) -> str:
    """`text` in small letters, its words parted by single blanks.

    Standard_NC24ads_A100_v4 and `NC24ads A100 v4` are both `nc24ads a100 v4`, NVIDIA L4 and L4 both `l4`,
    ml.p4d.24xlarge and p4d.24xlarge both `p4d.24xlarge`.
    """
    words = (_SERVICE.sub("", word) for word in _BETWEEN.split(text.casefold()))
    return " ".join(word for word in words if word and not _PREFIX.fullmatch(word))
