"""The diagram: networkx graphs of blocks and wires, edits and undo, expressions, expansion, file format."""
