"""Checks that are printed as they are made, and counted."""


class Checks:
    def __init__(self) -> None:
        self.passed = 0
        self.failed: list[str] = []

    def that(self, claim: str, holds: bool, seen: object = "") -> bool:
        """Prints the claim with what was seen; a claim that does not hold fails the demo at its end."""
        mark = "ok  " if holds else "FAIL"
        print(f"  [{mark}] {claim}" + (f": {seen}" if seen != "" else ""))
        if holds:
            self.passed += 1
        else:
            self.failed.append(claim)
        return holds

    def equal(self, claim: str, found: object, wanted: object) -> bool:
        return self.that(claim, found == wanted, f"{found}" if found == wanted else f"{found}, not {wanted}")

    def at_least(self, claim: str, found: int, wanted: int) -> bool:
        return self.that(claim, found >= wanted, f"{found}" if found >= wanted else f"{found}, not {wanted} or more")

    def summary(self) -> str:
        if not self.failed:
            return f"{self.passed} checks passed, none failed."
        return f"{self.passed} checks passed, {len(self.failed)} FAILED: " + "; ".join(self.failed)
