"""Ready indicator trees: what a utility is judged by, as data in both languages, checked when read."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from console.errors import NotFoundError, UsageError, nearest

READY_TREES = Path(__file__).parent / "trees_ready"
ROOT = ""
KEYS = frozenset(("title", "title_zh", "weights", "target", "nodes"))
NODE_KEYS = frozenset(("id", "parent", "label", "label_zh", "weight", "items", "target"))


@dataclass(frozen=True, slots=True)
class TreeNode:
    """One node: its weight within its parent, and the codes under which surveys ask for it."""

    id: str
    parent: str
    label: str
    label_zh: str
    weight: float
    items: tuple[str, ...] = ()
    target: float | None = None


@dataclass(frozen=True, slots=True)
class IndicatorTree:
    """A tree without its root, which bears the title; ``has_points`` says that weights are of any size."""

    name: str
    title: str
    title_zh: str
    nodes: tuple[TreeNode, ...]
    has_points: bool
    target: float | None

    @property
    def leaves(self) -> tuple[TreeNode, ...]:
        """The nodes that nothing stands under."""
        parents = {node.parent for node in self.nodes}
        return tuple(node for node in self.nodes if node.id not in parents)

    def leaf_of(self, code: str, node: str = "") -> TreeNode | None:
        """Return the leaf that an item of a survey belongs to: the one it names, or the one of its code."""
        leaves = self.leaves
        for sought in (node, code):
            for leaf in leaves:
                if sought and sought == leaf.id:
                    return leaf
        folded = code.casefold()
        return next((leaf for leaf in leaves if folded in leaf.items), None)


def ready_trees() -> tuple[str, ...]:
    """Return the names of the trees that ship with the program."""
    return tuple(sorted(path.stem for path in READY_TREES.glob("*.toml")))


@lru_cache(maxsize=16)
def load_tree(name: str) -> IndicatorTree:
    """Return a ready tree. Raises NotFoundError for a name that none has."""
    if name not in ready_trees():
        close = nearest(name, ready_trees())
        known = f"Ready trees: {', '.join(ready_trees())}."
        raise NotFoundError(f"There is no indicator tree {name}.", f"Did you mean {close}? {known}" if close else known)
    return read_tree(tomllib.loads((READY_TREES / f"{name}.toml").read_text(encoding="utf-8")), name)


def read_tree(content: Mapping[str, object], name: str) -> IndicatorTree:
    """Return a tree from the tables of its file. Raises UsageError for what is unknown, missing or goes in a circle."""

    def wrong(message: str) -> UsageError:
        return UsageError(f"The indicator tree {name} is wrong: {message}.")

    def texts(value: object, where: str) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise wrong(f"{where} must be a list of quoted texts")
        return tuple(value)

    def number(value: object, where: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise wrong(f"{where} must be a number")
        return float(value)

    for key in content.keys() - KEYS:
        raise wrong(f"unknown key {key}")
    listed = content.get("nodes")
    if not isinstance(listed, list) or not listed:
        raise wrong("it has no nodes")
    nodes: list[TreeNode] = []
    for entry in listed:
        for key in entry.keys() - NODE_KEYS:
            raise wrong(f"unknown key {key} in a node")
        id_ = str(entry.get("id", ""))
        if not id_ or any(node.id == id_ for node in nodes):
            raise wrong(f"a node has no id of its own ({id_ or 'empty'})")
        parent = str(entry.get("parent", ROOT))
        if parent and all(node.id != parent for node in nodes):
            raise wrong(f"{id_} stands under {parent}, which does not come before it")
        nodes.append(
            TreeNode(
                id_,
                parent,
                str(entry.get("label", id_)),
                str(entry.get("label_zh", "")),
                number(entry.get("weight", 1.0), f"{id_}.weight"),
                texts(entry.get("items", []), f"{id_}.items"),
                number(entry["target"], f"{id_}.target") if "target" in entry else None,
            )
        )
    kind = content.get("weights", "shares")
    if kind not in ("shares", "points"):
        raise wrong("weights are shares or points")
    return IndicatorTree(
        name,
        str(content.get("title", name)),
        str(content.get("title_zh", "")),
        tuple(nodes),
        kind == "points",
        number(content["target"], "target") if "target" in content else None,
    )
