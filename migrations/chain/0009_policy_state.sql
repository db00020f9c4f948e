CREATE TABLE `policy_state` (
	`id` integer PRIMARY KEY NOT NULL,
	`idx` integer NOT NULL,
	`state` blob NOT NULL,
	`digest` blob NOT NULL
);
