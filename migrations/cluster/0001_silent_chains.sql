ALTER TABLE `chains` ADD `silent_since` integer;--> statement-breakpoint
CREATE INDEX `chains_silent_since` ON `chains` (`silent_since`);