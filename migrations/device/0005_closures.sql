CREATE TABLE `closures` (
	`id` integer PRIMARY KEY NOT NULL
);
