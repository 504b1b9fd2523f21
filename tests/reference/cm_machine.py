"""Machine code in predictor `cm`: plugins/predictor-cm/spec.md, section 6.9."""

from cm_numbers import fold

PREFIXES = {0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0x67, 0xF0, 0xF2, 0xF3}
START, SECOND, THIRD38, THIRD3A, VECTOR, MODRM, SIB, DISPLACEMENT, IMMEDIATE = range(9)
# Bytes of an immediate value that depend on prefixes.
Z, V = "z", "v"


def spread(text, value, table):
    """Sets what follows opcodes, given as numbers and ranges."""
    for item in text.split():
        low, _, high = item.partition("-")
        for op in range(int(low, 16), int(high or low, 16) + 1):
            table[op] = value


def one():
    table = [(False, 0)] * 256
    for op in range(0, 0x40):
        table[op] = ((True, 0),) * 4 + ((False, 1), (False, Z), (False, 0), (False, 0))
        table[op] = table[op][op & 7]
    spread("63 84-8F D0-D3 D8-DF F6 F7 FE FF", (True, 0), table)
    spread("69 81 C7", (True, Z), table)
    spread("6B 80 82 83 C0 C1 C6", (True, 1), table)
    spread("68 A9", (False, Z), table)
    spread("6A 70-7F A8 B0-B7 CD E0-E7 EB", (False, 1), table)
    spread("A0-A3", (False, 8), table)
    spread("B8-BF", (False, V), table)
    spread("C2 CA", (False, 2), table)
    spread("C8", (False, 3), table)
    spread("E8 E9", (False, 4), table)
    return table


def two():
    table = [(True, 0)] * 256
    spread("05-09 0B 30-37 77 A0-A2 A8-AA C8-CF", (False, 0), table)
    spread("80-8F", (False, 4), table)
    spread("70-73 A4 AC BA C2 C4-C6", (True, 1), table)
    return table


ONE, TWO = one(), two()


class Machine:
    def __init__(self):
        self.ops = [0] * 3
        self.reset()

    def reset(self):
        self.part = self.left = self.displacement = self.immediate = self.map = 0
        self.stem = self.operand = self.op = 0
        self.short = self.wide = False

    def place(self):
        return 16 * self.part + self.left

    def three(self):
        op1, op2, op3 = self.ops
        return (op1 & 0xFFFF) << 16 | (op2 & 255) << 8 | op3 & 255

    def push(self, c):
        if self.part in (DISPLACEMENT, IMMEDIATE):
            self.operand = fold(self.operand, c)
            self.left -= 1
            if self.left == 0:
                self.operand = 0
                if self.part == DISPLACEMENT:
                    self.operands(0)
                else:
                    self.end()
            return
        self.stem = fold(self.stem, c)
        if self.part == START:
            self.start(c)
        elif self.part == SECOND and c in (0x38, 0x3A):
            self.part = THIRD38 if c == 0x38 else THIRD3A
        elif self.part == SECOND:
            self.found(c, 1, TWO[c])
        elif self.part == THIRD38:
            self.found(c, 2, (True, 0))
        elif self.part == THIRD3A:
            self.found(c, 3, (True, 1))
        elif self.part == VECTOR:
            self.map = self.map or max(c & 3, 1)
            self.left -= 1
            if self.left == 0:
                self.part = self.map
        elif self.part == MODRM:
            self.mod_rm(c)
        else:
            alone = self.op >> 22 == 0 and c & 7 == 5
            self.operands(4 if alone else self.displacement)

    def start(self, c):
        if c in PREFIXES:
            return
        if c == 0x66:
            self.short = True
        elif 0x40 <= c < 0x50:
            self.wide = c & 8 != 0
        elif c == 0x0F:
            self.part = SECOND
        elif c in (0xC5, 0xC4, 0x62):
            self.part = VECTOR
            self.left, self.map = {0xC5: (1, 1), 0xC4: (2, 0), 0x62: (3, 0)}[c]
        else:
            self.found(c, 0, ONE[c])

    def size(self, immediate):
        if immediate == V and self.wide:
            return 8
        return (2 if self.short else 4) if immediate in (Z, V) else immediate

    def found(self, c, which, behind):
        self.op = 256 * which + c
        self.immediate = self.size(behind[1])
        if behind[0]:
            self.part = MODRM
        else:
            self.operands(0)

    def mod_rm(self, c):
        if self.op in (0xF6, 0xF7) and c >> 3 & 7 < 2:
            self.immediate = 1 if self.op == 0xF6 else self.size(Z)
        self.op += c << 16
        mode, rm = c >> 6, c & 7
        self.displacement = 4 if mode == 2 or mode == 0 and rm == 5 else 1 if mode == 1 else 0
        if mode < 3 and rm == 4:
            self.part = SIB
        else:
            self.operands(self.displacement)

    def operands(self, displacement):
        if displacement:
            self.part, self.left = DISPLACEMENT, displacement
        elif self.immediate:
            self.part, self.left = IMMEDIATE, self.immediate
            self.immediate = 0
        else:
            self.end()

    def end(self):
        self.ops = [self.op] + self.ops[:2]
        self.reset()
