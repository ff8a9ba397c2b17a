"""What blocks, modules, parameters and texts may be called."""

from __future__ import annotations

import difflib
import keyword
import re

from blockstudio.errors import StudioError, shown
from blockstudio.graph.expressions import is_name
from blockstudio.text import say

MAX_NAME = 120
MAX_TITLE = 200
"""Letters in a diagram's name."""

_PART = r"(0|[1-9][0-9]*|[A-Za-z_][A-Za-z0-9_-]*)"
_NAME = re.compile(rf"{_PART}(\.{_PART})*")
"""As people name the parts of their modules: ``conv1``, ``downsample.0``, ``0`` in a sequence, ``block1-0``."""

# A block's name is an attribute of an nn.Module (or of an nn.Sequential), which has attributes of its own.
_ATTRIBUTES = """
    T_destination add_module append apply bfloat16 buffers call_super_init children compile cpu cuda double
    dump_patches eval extend extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half
    insert ipu load_state_dict modules mtia named_buffers named_children named_modules named_parameters parameters
    pop register_backward_hook register_buffer register_forward_hook register_forward_pre_hook
    register_full_backward_hook register_full_backward_pre_hook register_load_state_dict_post_hook
    register_load_state_dict_pre_hook register_module register_parameter register_state_dict_post_hook
    register_state_dict_pre_hook requires_grad_ set_extra_state set_submodule share_memory state_dict to to_empty
    train training type xpu zero_grad

    _apply _backward_hooks _backward_pre_hooks _buffers _call_impl _compiled_call_impl _forward_hooks
    _forward_hooks_always_called _forward_hooks_with_kwargs _forward_pre_hooks _forward_pre_hooks_with_kwargs
    _get_backward_hooks _get_backward_pre_hooks _get_item_by_idx _get_name _is_full_backward_hook
    _load_from_state_dict _load_state_dict_post_hooks _load_state_dict_pre_hooks _maybe_warn_non_full_backward_hook
    _modules _named_members _non_persistent_buffers_set _parameters _register_load_state_dict_pre_hook
    _register_state_dict_hook _replicate_for_data_parallel _save_to_state_dict _slow_forward _state_dict_hooks
    _state_dict_pre_hooks _version _wrapped_call_impl
"""
RESERVED = frozenset(_ATTRIBUTES.split())
"""What no part of a block's name may be."""

# Emitted constructors use these names.
_EMITTED = frozenset({"self", "super", "nn", "torch", "F", "range", "list"})


# What `Diagram.add` and `Diagram.set` mean by an argument of this name.
_ARGUMENTS = frozenset({"after", "at", "bypass", "name", "note", "parameters", "repeat", "scope", "type"})


def check_name(name: str) -> None:
    """Raises `StudioError` ``diagram.name`` unless ``name`` can be a block's: an attribute path of a module."""
    if not isinstance(name, str) or len(name) > MAX_NAME or not _NAME.fullmatch(name):
        raise StudioError(
            "diagram.name", say("'{name}' cannot name a block.", name=shown(name)),
            hint=say("Use letters, digits, _ and -, beginning with a letter; dots make a path, as in "
"downsample.0."),
        )  # fmt: skip
    for part in name.split("."):
        if part in RESERVED or part.startswith("__") or keyword.iskeyword(part):
            raise StudioError(
                "diagram.name",
                say("'{part}' cannot name a block: it means something else in a PyTorch module.", part=part),
                where=name,
                hint=say("Call it {name}_1, for example.", name=part.strip("_") or "block"),
            )


def is_block_name(name: str) -> bool:
    """Whether `check_name` accepts ``name``."""
    try:
        check_name(name)
    except StudioError:
        return False
    return True


def check_parameter_name(name: str, in_module: bool) -> None:
    """Raises `StudioError` ``diagram.name`` unless ``name`` can be a declared parameter's. ``in_channels`` is
    inferred inside a module and can be declared by the main graph only; ``i`` counts repeats."""
    if not isinstance(name, str):
        raise StudioError(
            "diagram.name", say("'{name}' cannot name a parameter.", name=shown(name)), where=shown(name)
        )  # fmt: skip
    inferred = name == "i" or (in_module and (name == "in_channels" or name.startswith("in_channels_")))
    if len(name) > MAX_NAME or not is_name(name) or name in _EMITTED or name.startswith("__"):
        raise StudioError(
            "diagram.name", say("'{name}' cannot name a parameter.", name=shown(name)), where=shown(name),
            hint=say("Use letters, digits and _, beginning with a letter."),
        )  # fmt: skip
    if name in _ARGUMENTS:
        raise StudioError(
            "diagram.name",
            say("'{name}' cannot name a parameter: every block has something of that name.", name=name), where=name,
            hint=say("Call it my_{name}, for example.", name=name),
        )  # fmt: skip
    if inferred:
        raise StudioError(
            "diagram.name",
            say("'{name}' cannot name a parameter: it is worked out from the diagram.", name=name),
            where=name,
        )


def check_module_name(name: str, types: object) -> None:
    """Raises `StudioError` ``diagram.name`` unless ``name`` can be a module's: a class name that none of the
    block ``types`` has."""
    if (
        not isinstance(name, str)
        or len(name) > MAX_NAME
        or not is_name(name)
        or name in _EMITTED
        or name.startswith("__")
        or name in types  # type: ignore[operator]
    ):
        raise StudioError(
            "diagram.name", say("'{name}' cannot name a module.", name=shown(name)),
            hint=say("Use a class name that no block type has, such as InceptionA."),
        )  # fmt: skip


def check_text(text: object, where: str, limit: int = 20_000) -> None:
    """Raises `StudioError` ``diagram.text`` unless ``text`` is text that a file can hold."""
    if not isinstance(text, str):
        raise StudioError("diagram.text", say("expected text, found {text}.", text=shown(text)), where=where)
    if len(text) > limit:
        raise StudioError("diagram.text", say("it is longer than {limit:,} characters.", limit=limit), where=where)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise StudioError("diagram.text", say("it holds half a character."), where=where) from None


def suggestion(wrong: str, known: list[str]) -> str:
    """``Did you mean Conv2d?`` or a list of what there is."""
    lowered = {item.lower(): item for item in known}
    close = difflib.get_close_matches(str(wrong)[:MAX_NAME].lower(), lowered, n=1)
    if close:
        return say("Did you mean {name}?", name=lowered[close[0]])
    return say("Known: {names}.", names=", ".join(known[:30]) + ("..." if len(known) > 30 else ""))
