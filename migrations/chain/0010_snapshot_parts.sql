CREATE TABLE `snapshot_parts` (
	`idx` integer NOT NULL,
	`part` integer NOT NULL,
	`bytes` blob NOT NULL,
	PRIMARY KEY(`idx`, `part`)
);
