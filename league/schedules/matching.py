"""The cheapest perfect matching of a complete graph, exactly, in integers: the same on every machine.

Source: Edmonds, "Maximum matching and a polyhedron with 0,1-vertices", 1965, in the O(n^3) form of Galil, "Efficient
algorithms for finding maximum matching in graphs", 1986. Vertices and blossoms are numbered from 1; a blossom's number
is above `n`. `label` are the dual variables, `outer[v]` is the outermost blossom that contains `v`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

FREE, EVEN, ODD = -1, 0, 1


def cheapest_matching(costs: Sequence[Sequence[int]]) -> list[int]:
    """`costs[i][j] = costs[j][i]`, integers, an even number of vertices: each vertex' partner.

    The sum of the costs of its pairs is the least possible. Raises ValueError for an odd number of vertices.
    """
    n = len(costs)
    if n % 2:
        raise ValueError(f"{n} vertices have no perfect matching")
    if n == 0:
        return []
    most = max(max(row) for row in costs) + 1
    weights = [[most - cost for cost in row] for row in costs]  # all positive: then the heaviest matching is perfect
    return _Blossoms(weights).solve()


class _Blossoms:
    """The state of the primal-dual method."""

    def __init__(self, weights: list[list[int]]) -> None:
        n = self.n = len(weights)
        size = self.size = 2 * n + 1
        self.top = n  # the highest number in use
        self.weight = [[0] * size for _ in range(size)]  # of the edge that stands for two (blossoms of) vertices
        self.ends = [[(u, v) for v in range(size)] for u in range(size)]  # and the vertices of that edge
        for u in range(1, n + 1):
            for v in range(1, n + 1):
                if u != v:
                    self.weight[u][v] = 2 * weights[u - 1][v - 1]
        self.label = [0] * size
        self.mate = [0] * size
        self.slack = [0] * size
        self.outer = list(range(size))
        self.parent = [0] * size
        self.entry = [[0] * (n + 1) for _ in range(size)]  # the part of a blossom that contains a vertex
        self.kind = [FREE] * size
        self.parts: list[list[int]] = [[] for _ in range(size)]
        self.queue: deque[int] = deque()
        for u in range(1, n + 1):
            self.entry[u][u] = u
        heaviest = max(map(max, self.weight)) // 2
        for u in range(1, n + 1):
            self.label[u] = heaviest

    def solve(self) -> list[int]:
        while self._phase():
            pass
        return [self.mate[u] - 1 for u in range(1, self.n + 1)]

    def _phase(self) -> bool:
        """One augmentation; False when nothing is left to gain."""
        for x in range(1, self.top + 1):
            self.kind[x], self.slack[x] = FREE, 0
        self.queue.clear()
        for x in range(1, self.top + 1):
            if self.outer[x] == x and not self.mate[x]:
                self.parent[x], self.kind[x] = 0, EVEN
                self._enqueue(x)
        if not self.queue:
            return False
        while True:
            if self._grow():
                return True
            if not self._adjust():
                return False
            if self._tighten():
                return True

    def _grow(self) -> bool:
        """Follow tight edges; True when the matching was augmented."""
        label, outer, kind = self.label, self.outer, self.kind
        while self.queue:
            u = self.queue.popleft()
            if kind[outer[u]] == ODD:
                continue
            row, mine = self.weight[u], label[u]
            for v in range(1, self.n + 1):
                if row[v] > 0 and outer[u] != outer[v]:
                    if mine + label[v] == row[v]:
                        if self._found(u, v):
                            return True
                    else:
                        self._update_slack(u, outer[v])
        return False

    def _adjust(self) -> bool:
        """Change the dual variables until an edge becomes tight or a blossom opens; False when they cannot."""
        free = [self.label[u] for u in range(1, self.n + 1) if self.kind[self.outer[u]] == EVEN]
        change = min(free)
        for b in range(self.n + 1, self.top + 1):
            if self.outer[b] == b and self.kind[b] == ODD:
                change = min(change, self.label[b] // 2)
        for x in range(1, self.top + 1):
            if self.outer[x] == x and self.slack[x]:
                gap = self._gap(self.slack[x], x)
                if self.kind[x] == FREE:
                    change = min(change, gap)
                elif self.kind[x] == EVEN:
                    change = min(change, gap // 2)
        for u in range(1, self.n + 1):
            kind = self.kind[self.outer[u]]
            if kind == EVEN:
                if self.label[u] <= change:
                    return False
                self.label[u] -= change
            elif kind == ODD:
                self.label[u] += change
        for b in range(self.n + 1, self.top + 1):
            if self.outer[b] == b:
                if self.kind[b] == EVEN:
                    self.label[b] += 2 * change
                elif self.kind[b] == ODD:
                    self.label[b] -= 2 * change
        return True

    def _tighten(self) -> bool:
        """Use the edges that became tight, and open the blossoms whose variable is zero; True when augmented."""
        self.queue.clear()
        for x in range(1, self.top + 1):
            s = self.slack[x]
            if (
                self.outer[x] == x
                and s
                and self.outer[s] != x
                and self._gap(s, x) == 0
                and self._found(*self.ends[s][x])
            ):
                return True
        for b in range(self.n + 1, self.top + 1):
            if self.outer[b] == b and self.kind[b] == ODD and self.label[b] == 0:
                self._open(b)
        return False

    def _gap(self, u: int, v: int) -> int:
        """How far the edge that stands for `u` and `v` is from being tight."""
        x, y = self.ends[u][v]
        return self.label[x] + self.label[y] - self.weight[x][y]

    def _update_slack(self, u: int, x: int) -> None:
        if not self.slack[x] or self._gap(u, x) < self._gap(self.slack[x], x):
            self.slack[x] = u

    def _set_slack(self, x: int) -> None:
        self.slack[x] = 0
        for u in range(1, self.n + 1):
            if self.weight[u][x] > 0 and self.outer[u] != x and self.kind[self.outer[u]] == EVEN:
                self._update_slack(u, x)

    def _enqueue(self, x: int) -> None:
        if x <= self.n:
            self.queue.append(x)
        else:
            for part in self.parts[x]:
                self._enqueue(part)

    def _set_outer(self, x: int, b: int) -> None:
        self.outer[x] = b
        if x > self.n:
            for part in self.parts[x]:
                self._set_outer(part, b)

    def _even_path(self, b: int, part: int) -> int:
        """How many steps from the base of blossom `b` lead to `part`, an even number; may turn the blossom round."""
        place = self.parts[b].index(part)
        if place % 2:
            self.parts[b][1:] = reversed(self.parts[b][1:])
            return len(self.parts[b]) - place
        return place

    def _match(self, u: int, v: int) -> None:
        x, y = self.ends[u][v]
        self.mate[u] = y
        if u > self.n:
            part = self.entry[u][x]
            steps = self._even_path(u, part)
            for i in range(steps):
                self._match(self.parts[u][i], self.parts[u][i ^ 1])
            self._match(part, v)
            self.parts[u] = self.parts[u][steps:] + self.parts[u][:steps]

    def _augment(self, u: int, v: int) -> None:
        while True:
            after = self.outer[self.mate[u]]
            self._match(u, v)
            if not after:
                return
            self._match(after, self.outer[self.parent[after]])
            u, v = self.outer[self.parent[after]], after

    def _common(self, u: int, v: int) -> int:
        """The nearest blossom on both paths to the root, or 0 if they have different roots."""
        seen = set()
        while u or v:
            if u:
                if u in seen:
                    return u
                seen.add(u)
                u = self.outer[self.mate[u]]
                if u:
                    u = self.outer[self.parent[u]]
            u, v = v, u
        return 0

    def _found(self, u: int, v: int) -> bool:
        """A tight edge: grow the tree, shrink a blossom, or augment (then True)."""
        one, two = self.outer[u], self.outer[v]
        if self.kind[two] == FREE:
            self.parent[two], self.kind[two] = u, ODD
            after = self.outer[self.mate[two]]
            self.slack[two] = self.slack[after] = 0
            self.kind[after] = EVEN
            self._enqueue(after)
        elif self.kind[two] == EVEN:
            base = self._common(one, two)
            if not base:
                self._augment(one, two)
                self._augment(two, one)
                return True
            self._shrink(one, base, two)
        return False

    def _shrink(self, u: int, base: int, v: int) -> None:
        b = self.n + 1
        while b <= self.top and self.outer[b]:
            b += 1
        self.top = max(self.top, b)
        self.label[b], self.kind[b], self.mate[b] = 0, EVEN, self.mate[base]
        parts = [base]
        for x in self._up(u, base):
            parts.append(x)
        parts[1:] = reversed(parts[1:])
        for x in self._up(v, base):
            parts.append(x)
        self.parts[b] = parts
        self._set_outer(b, b)
        for x in range(1, self.top + 1):
            self.weight[b][x] = self.weight[x][b] = 0
        self.entry[b] = [0] * (self.n + 1)
        for part in parts:
            for x in range(1, self.top + 1):
                if self.weight[b][x] == 0 or self._gap(part, x) < self._gap(b, x):
                    self.weight[b][x], self.weight[x][b] = self.weight[part][x], self.weight[x][part]
                    self.ends[b][x], self.ends[x][b] = self.ends[part][x], self.ends[x][part]
            for x in range(1, self.n + 1):
                if self.entry[part][x]:
                    self.entry[b][x] = part
        self._set_slack(b)

    def _up(self, x: int, base: int) -> list[int]:
        """The blossoms from `x` up to `base`, which is left out; the odd ones join the queue."""
        path = []
        while x != base:
            path.append(x)
            x = self.outer[self.mate[x]]
            path.append(x)
            self._enqueue(x)
            x = self.outer[self.parent[x]]
        return path

    def _open(self, b: int) -> None:
        for part in self.parts[b]:
            self._set_outer(part, part)
        first = self.entry[b][self.ends[b][self.parent[b]][0]]
        steps = self._even_path(b, first)
        for i in range(0, steps, 2):
            odd, even = self.parts[b][i], self.parts[b][i + 1]
            self.parent[odd] = self.ends[even][odd][0]
            self.kind[odd], self.kind[even] = ODD, EVEN
            self.slack[odd] = 0
            self._set_slack(even)
            self._enqueue(even)
        self.kind[first], self.parent[first] = ODD, self.parent[b]
        for part in self.parts[b][steps + 1 :]:
            self.kind[part] = FREE
            self._set_slack(part)
        self.outer[b] = 0
