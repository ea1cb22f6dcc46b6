import type { Connection } from '../../operator/api/connection.ts';
import { RESERVED_AND_HELD } from './database.ts';
import { execute } from './sql-script.ts';

/**
 * Gives back what agents have reserved for no kernel. Backend.AI 26.9.6 loses slots so (suites/known-issues.yaml) and has
 * no command for it; every suite that comes after would miss them.
 */
export function giveBackLostSlots(postgres: Connection['postgres']): Promise<void> {
  return execute(
    postgres,
    `UPDATE agent_resources r SET reserved = r.reserved - (s.reserved - s.held)
       FROM (${RESERVED_AND_HELD}) AS s
      WHERE s.agent_id = r.agent_id AND s.slot_name = r.slot_name AND s.reserved > s.held`,
  );
}
