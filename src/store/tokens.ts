/** Tokens in the table of migration 4. */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { Role } from '../access/roles.ts';
import type { StoredToken } from '../access/token.ts';
import type { TokenStore } from '../access/token-desk.ts';

export function createTokenStore(database: DatabaseSync): TokenStore {
  const all = database.prepare('SELECT * FROM tokens ORDER BY created_ms DESC, id');
  const one = database.prepare('SELECT * FROM tokens WHERE id = ?');
  const add = database.prepare(`
    INSERT INTO tokens (id, name, role, hash, created_ms, created_by, expires_ms)
    VALUES (:id, :name, :role, :hash, :createdMs, :createdBy, :expiresMs)`);
  const revoke = database.prepare(
    'UPDATE tokens SET revoked_ms = :atMs, revoked_by = :by WHERE id = :id AND revoked_ms IS NULL',
  );
  const drop = database.prepare('DELETE FROM tokens WHERE MIN(expires_ms, IFNULL(revoked_ms, expires_ms)) < ?');
  return {
    tokens: () => all.all().map(toToken),
    token(id) {
      const row = one.get(id);
      return row && toToken(row);
    },
    addToken({ revokedMs: _, revokedBy: __, ...token }) {
      add.run({ ...token });
    },
    revokeToken(id, atMs, by) {
      revoke.run({ id, atMs, by });
    },
    dropTokens(beforeMs) {
      drop.run(beforeMs);
    },
  };
}

function toToken(row: Record<string, SQLOutputValue>): StoredToken {
  return {
    id: String(row.id),
    name: String(row.name),
    role: row.role as Role,
    hash: String(row.hash),
    createdMs: Number(row.created_ms),
    createdBy: String(row.created_by),
    expiresMs: Number(row.expires_ms),
    revokedMs: row.revoked_ms === null ? undefined : Number(row.revoked_ms),
    revokedBy: row.revoked_by === null ? undefined : String(row.revoked_by),
  };
}
