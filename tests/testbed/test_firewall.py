"""How rulesets of the firewall are compared."""

from tests.nested.firewall import without_counts

RULE = 'iifname "docker0" counter packets {} bytes {} jump DOCKER'


def test_rule_with_another_count_is_the_same_rule() -> None:
    assert without_counts(RULE.format(12, 840)) == without_counts(RULE.format(0, 0))


def test_other_rules_differ() -> None:
    other = RULE.replace("docker0", "docker1")
    assert without_counts(RULE.format(1, 2)) != without_counts(other.format(1, 2))


def test_other_numbers_in_a_rule_stay() -> None:
    rule = "tcp dport 30000 counter packets 7 bytes 420 dnat to 10.0.0.1:30000"
    assert without_counts(rule) == "tcp dport 30000 counter packets 0 bytes 0 dnat to 10.0.0.1:30000"
