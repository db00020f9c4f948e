// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the bodies differ per rule; the map pairs each with its codec
export function ruleTable(rules) {
    return new Map(rules.map((rule) => [rule.definition.type, rule]));
}
