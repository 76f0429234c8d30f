"""The bodies of PUT and PATCH, derived from the models of requests and answers."""

from typing import TYPE_CHECKING

from runledger.api.automations import AutomationView
from runledger.api.contacts import ContactView
from runledger.api.documents import patch_of, replacement_of
from runledger.api.saved_views import SavedViewDocument, SavedViewView
from runledger.api.segments import SegmentView
from runledger.api.templates import TemplateView
from runledger.models.automation import AutomationDocument
from runledger.models.contact import ContactDocument, ExternalId, ExternalIdName
from runledger.models.template import TemplateDocument
from runledger.nodes.segment_rules import SegmentDocument

if TYPE_CHECKING:
    from runledger.models.base import WireModel

    class _Sent(WireModel):
        revision: int | None = None

    class _Replacement(_Sent):
        id: str | None = None

    class ContactReplacement(_Replacement, ContactDocument): ...

    class TemplateReplacement(_Replacement, TemplateDocument): ...

    class SegmentReplacement(_Replacement, SegmentDocument): ...

    class AutomationReplacement(_Replacement, AutomationDocument): ...

    class SavedViewReplacement(_Replacement, SavedViewDocument): ...

    class ContactPatch(_Sent): ...

    class TemplatePatch(_Sent): ...

    class SegmentPatch(_Sent): ...

    class AutomationPatch(_Sent): ...

    class SavedViewPatch(_Sent): ...

else:
    ContactReplacement = replacement_of(
        "ContactReplacement",
        ContactDocument,
        ContactView,
        (
            "A whole contact. A missing field is removed, except consents, which change only "
            "if they are sent."
        ),
    )
    TemplateReplacement = replacement_of(
        "TemplateReplacement", TemplateDocument, TemplateView, "A whole template."
    )
    SegmentReplacement = replacement_of(
        "SegmentReplacement", SegmentDocument, SegmentView, "A whole segment."
    )
    AutomationReplacement = replacement_of(
        "AutomationReplacement", AutomationDocument, AutomationView, "A whole draft."
    )
    SavedViewReplacement = replacement_of(
        "SavedViewReplacement", SavedViewDocument, SavedViewView, "A whole saved view."
    )
    ContactPatch = patch_of(
        "ContactPatch",
        ContactDocument,
        "Changes to a contact, as a JSON merge patch (RFC 7396). Null removes a value. "
        "Consents can be changed, but not removed.",
        kept=frozenset({"consents"}),
        types={"external_ids": dict[ExternalIdName, ExternalId | None]},
    )
    TemplatePatch = patch_of(
        "TemplatePatch",
        TemplateDocument,
        "Changes to a template, as a JSON merge patch (RFC 7396).",
    )
    SegmentPatch = patch_of(
        "SegmentPatch", SegmentDocument, "Changes to a segment, as a JSON merge patch (RFC 7396)."
    )
    AutomationPatch = patch_of(
        "AutomationPatch",
        AutomationDocument,
        (
            "Changes to a draft, as a JSON merge patch (RFC 7396). A list such as `nodes` is "
            "replaced as a whole."
        ),
    )
    SavedViewPatch = patch_of(
        "SavedViewPatch",
        SavedViewDocument,
        "Changes to a saved view, as a JSON merge patch (RFC 7396).",
    )
