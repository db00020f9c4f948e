-- The log takes one kind of write: the row after its last. Triggers guard it against our own mistakes, not against the
-- operator, who can drop them; only checkpoints that others hold do that.
CREATE TRIGGER `log_refuses_update` BEFORE UPDATE ON `log`
BEGIN
	SELECT raise(ABORT, 'log rows are immutable');
END;
--> statement-breakpoint
CREATE TRIGGER `log_refuses_delete` BEFORE DELETE ON `log`
BEGIN
	SELECT raise(ABORT, 'log rows are permanent');
END;
--> statement-breakpoint
-- REPLACE removes the row it conflicts with without running delete triggers, so both ways to conflict are refused
-- before the conflict is resolved: a taken index is never the next one, and a known event key is looked for.
CREATE TRIGGER `log_takes_only_the_next` BEFORE INSERT ON `log`
WHEN new.`idx` IS NOT (SELECT coalesce(max(`idx`) + 1, 0) FROM `log`)
	OR EXISTS (SELECT 1 FROM `log` WHERE `event_key` = new.`event_key`)
BEGIN
	SELECT raise(ABORT, 'the log takes only a new event at its next index');
END;
