CREATE TABLE `followers` (
	`chain` blob PRIMARY KEY NOT NULL,
	`known` integer NOT NULL,
	`attempt` integer DEFAULT 0 NOT NULL,
	`due_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `followers_known` ON `followers` (`known`);