"""Who may write over whose output.

An in-place activation changes the tensor it is given. That is right only if nobody else reads it, before or
after, and if the block that made it does not keep it for its backward pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from blockstudio.compiler.net import Net, Node, Port
from blockstudio.compiler.sites import Site

if TYPE_CHECKING:
    from blockstudio.compiler.class_plans import ClassPlan


def own_storage(net: Net, private: set[Port]) -> set[str]:
    """Blocks that may write over their first input."""
    # A copy of a chain would write over what the copy before it may have kept.
    return {
        node.name for node in net.nodes.values() if node.sources and node.repeat is None and node.sources[0] in private
    }


def private_ports(net: Net, members: list[Site], plan_of: Mapping[Site, ClassPlan]) -> set[Port]:
    """The outputs whose only reader may write over them."""
    found: set[Port] = set()
    for node in net.nodes.values():  # each after those it reads
        for name in node.ports:
            port = (node.name, name)
            if len(net.readers.get(port, ())) != 1:
                continue
            shares = _made_here(node, name, members, plan_of)
            # If it is, or may be, the very tensor that came in, that has to be private too.
            if shares is False or (shares and node.sources[0] in found):
                found.add(port)
    return found


def _made_here(node: Node, port: str, members: list[Site], plan_of: Mapping[Site, ClassPlan]) -> bool | None:
    """``None``: kept by its maker. Else whether the output may be the tensor that came in."""
    shares = node.optional or node.by_copy or node.repeat is not None
    for site in members:
        for copy in (*site.blocks.get(node.name, ()), *site.spare.get(node.name, ())):
            if copy.bypassed:
                continue
            if copy.site is not None:
                plan = plan_of[copy.site]
                if not plan.private[port]:
                    return None
            else:
                assert node.kind is not None
                outside = {**copy.values, "inplace": False} if "inplace" in copy.values else copy.values
                if node.kind.keeps_output(copy.values) or node.kind.keeps_output(outside):
                    return None
                shares = shares or node.kind.may_share_input or node.kind.shares_input(copy.values)
    return shares
