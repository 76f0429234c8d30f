"""The regions in which a stack can be deployed, the names that it may have, and its tags."""

import re
import sys

# The regions in which CloudFormation has every type of the template. The types of SES and of AWS
# End User Messaging SMS are missing in the others:
# https://docs.aws.amazon.com/general/latest/gr/ses.html
# https://docs.aws.amazon.com/general/latest/gr/end-user-messaging.html
# `make lint` checks the template in each; template.yaml has the same list in its rule.
SUPPORTED_REGIONS = (
    "af-south-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ca-central-1",
    "ca-west-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
)
DEFAULT_STACK = "runledger"
# Stack tags in samconfig.toml, which CloudFormation gives to the resources of the template. Keys
# that begin with `aws:`, such as that of CloudFormation's own tag with the stack's name, are
# reserved:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html
_TAGS = {"application": "runledger"}
# The names of the stack's resources begin with it. The shortest limit is that of a CloudFront
# function, whose name also has the region: tests/unit/test_template_names.py.
LONGEST_STACK_NAME = 38
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
_STACK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")


def stack_tags(stack: str) -> dict[str, str]:
    """Returns the tags of everything that belongs to a stack, even if it is created at run time."""
    return {**_TAGS, "stack": stack}


def region_problem(region: str) -> str | None:
    """Returns why Runledger cannot be deployed to this region, in one line; None if it can."""
    if region in SUPPORTED_REGIONS:
        return None
    return (
        f"Runledger cannot be deployed to {region}, which lacks Amazon SES or AWS End User "
        f"Messaging SMS; choose one of {', '.join(SUPPORTED_REGIONS)}"
    )


def stack_name_problem(name: str) -> str | None:
    """Returns why a stack cannot have this name, in one line; None if it can."""
    if _STACK_NAME.fullmatch(name) and len(name) <= LONGEST_STACK_NAME and name != "default":
        return None
    return (
        f"a stack cannot be called {name!r}; use a letter, and then up to "
        f"{LONGEST_STACK_NAME - 1} letters, digits or hyphens, but not 'default'"
    )


if __name__ == "__main__":
    sys.stdout.write(" ".join(SUPPORTED_REGIONS) + "\n")
