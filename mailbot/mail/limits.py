"""What reading one mail may cost: a budget that every step draws on, and the list of what was wrong with the bytes."""

from __future__ import annotations

from dataclasses import dataclass, field

from mailbot.mail.model import DEFAULT_LIMITS, Limits

_DEFECTS_AT_MOST = 50


@dataclass(slots=True)
class Budget:
    """Counts parts and decoded bytes of one mail down to the limits and remembers defects, each once."""

    limits: Limits = DEFAULT_LIMITS
    defects: list[str] = field(default_factory=list)
    parts: int = 0
    decoded_bytes: int = 0

    def note(self, defect: str) -> None:
        """Remember what was wrong."""
        if len(self.defects) < _DEFECTS_AT_MOST and defect not in self.defects:
            self.defects.append(defect)

    def takes_part(self) -> bool:
        """Whether one more part may be read."""
        self.parts += 1
        if self.parts > self.limits.parts:
            self.note("too_many_parts")
        return self.parts <= self.limits.parts

    def takes_bytes(self, content: bytes) -> bytes:
        """The decoded content, cut where the mail's limit of decoded bytes is reached."""
        left = self.limits.decoded_bytes - self.decoded_bytes
        if len(content) > left:
            self.note("too_many_decoded_bytes")
            content = content[: max(left, 0)]
        self.decoded_bytes += len(content)
        return content
