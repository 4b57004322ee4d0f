"""Networks: backbones, heads, and how they are put together."""
