"""What the studio says about networks in tables: summary, presets, the papers' tables, comparison. No torch, no Qt."""
