"""The files of imports in the body bucket, under `imports/<workspace>/<import>/`."""

from typing import TYPE_CHECKING

from runledger.store.objects import MOST_AT_ONCE, Files, delete_objects

if TYPE_CHECKING:
    from collections.abc import Sequence


class ImportFiles(Files):
    def delete(self, object_keys: "Sequence[str]") -> None:
        """Deletes objects. Those that do not exist are ignored."""
        for start in range(0, len(object_keys), MOST_AT_ONCE):
            wanted = object_keys[start : start + MOST_AT_ONCE]
            delete_objects(self._s3, self._bucket, wanted)

    def delete_some(self, workspace_id: str, before: str | None = None) -> int:
        """Deletes some of the objects that belong to the workspace's imports: to those imports
        whose ids sort before `before`, or to all imports if `before` is None. Returns how many
        objects it found."""
        return self._delete_below(_folder_of(workspace_id), before, MOST_AT_ONCE)


def folder(workspace_id: str, import_id: str) -> str:
    """Returns the key prefix of an import's objects."""
    return f"{_folder_of(workspace_id)}{import_id}/"


def _folder_of(workspace_id: str) -> str:
    return f"imports/{workspace_id}/"
