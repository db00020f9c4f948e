import { measures } from '../../durable-objects/index.ts';
import type { RelayRefusal } from '../../relay/index.ts';
import { logIncident, type IncidentPlace } from '../http/incident.ts';

/** Logs an exception, counts it, and gives the refusal that the caller sees (`HT8`). */
export function reportIncident(error: Error, place: IncidentPlace): RelayRefusal {
  measures.count('incidents', 'request-failed');
  return logIncident(error, place);
}
