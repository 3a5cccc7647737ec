"""Reads lines of JSON from `attune bench` and `peer.py` and prints the ratios."""

import json
import sys

best = {}
for line in open(sys.argv[1]):
    row = json.loads(line)
    key = (row["what"], row["dtype"])
    mine = best.setdefault(key, {}).setdefault(row["program"].split()[0], {})
    for figure in ("seconds", "peak_rss_mib"):
        if figure in row:
            mine[figure] = min(row[figure], mine.get(figure, float("inf")))

print(f"{'work':<10}{'dtype':<7}{'attune':>10}{'diffusers':>11}{'ratio':>8}   memory, MiB")
for (what, dtype), pair in best.items():
    ours, theirs = pair["attune"], pair["diffusers"]
    memory = ""
    if "peak_rss_mib" in ours and "peak_rss_mib" in theirs:
        a, b = ours["peak_rss_mib"], theirs["peak_rss_mib"]
        memory = f"{a:.0f} / {b:.0f} = {a / b:.2f}"
    a, b = ours["seconds"], theirs["seconds"]
    print(f"{what:<10}{dtype:<7}{a:>8.2f} s{b:>9.2f} s{a / b:>8.2f}   {memory}")
