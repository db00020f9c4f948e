CREATE TABLE `claim_windows` (
	`chain` blob PRIMARY KEY NOT NULL,
	`count` integer NOT NULL,
	`ends_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `claim_windows_ends_at` ON `claim_windows` (`ends_at`);--> statement-breakpoint
ALTER TABLE `mailbox` ADD `acknowledged` integer DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX `mailbox_waiting` ON `mailbox` (`seq`) WHERE acknowledged = 0;