import { useCallback, useRef, useSyncExternalStore } from "react";
import type { Session, SessionSnapshot } from "../runner/session.ts";

/** The session's snapshot, kept the same object between changes as React wants it. */
export function useSession(session: Session): SessionSnapshot {
  const current = useRef<SessionSnapshot>(undefined);
  const subscribe = useCallback(
    (onChange: () => void) =>
      session.subscribe(() => {
        current.current = undefined;
        onChange();
      }),
    [session],
  );
  return useSyncExternalStore(subscribe, () => (current.current ??= session.snapshot()));
}
