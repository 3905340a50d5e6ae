import pytest

from ingest.azure.regions import region
from ingest.azure.services import service
from ingest.focus.spec import ALLOWED_VALUES

AI = "AI and Machine Learning"
AKS = "Azure Kubernetes Service"
AML = "Microsoft.MachineLearningServices"
COGNITIVE = "Microsoft.CognitiveServices"
MACHINES = ("Virtual Machines", "Compute", "Virtual Machines")


@pytest.mark.parametrize(
    ("provider", "meter", "subcategory", "expected"),
    [
        ("Microsoft.Compute", "Virtual Machines", "NDv5", MACHINES),
        ("Microsoft.Compute", "Storage", "Premium SSD", ("Managed Disks", "Storage", "Block Storage")),
        ("Microsoft.Storage", "Storage", "Blob", ("Storage Accounts", "Storage", "Storage Platforms")),
        ("MICROSOFT.CONTAINERSERVICE", AKS, "", (AKS, "Compute", "Containers")),
        (AML, "Virtual Machines", "", ("Azure Machine Learning", AI, "Machine Learning")),
        (COGNITIVE, "Cognitive Services", "Azure OpenAI", ("Azure OpenAI", AI, "Generative AI")),
        (COGNITIVE, "Foundry Models", "Azure OpenAI GPT5", ("Azure OpenAI", AI, "Generative AI")),
        (COGNITIVE, "Foundry Models", "DeepSeek", ("Microsoft Foundry Models", AI, "Generative AI")),
        (COGNITIVE, "Cognitive Services", "Speech", ("Azure AI Services", AI, "AI Platforms")),
        ("", "Virtual Machines", "", MACHINES),
    ],
)
def test_the_provider_and_the_meter_say_which_service(
    provider: str, meter: str, subcategory: str, expected: tuple[str, str, str]
) -> None:
    found = service(provider, meter, subcategory, "")
    assert tuple(found) == expected
    assert found.category in ALLOWED_VALUES["service_category"]


def test_what_is_not_listed_keeps_its_meter_category_and_goes_by_its_family() -> None:
    assert tuple(service("Microsoft.New", "Flux", "", "Databases")) == ("Flux", "Databases", "Other (Databases)")
    assert tuple(service("Microsoft.New", "Flux", "", "Novelties")) == ("Flux", "Other", "Other (Other)")


def test_a_region_is_the_same_however_it_is_spelled() -> None:
    assert region("EastUS2") == region("East US 2") == ("eastus2", "East US 2")
    assert region("Moon Base") == ("moonbase", "Moon Base")
