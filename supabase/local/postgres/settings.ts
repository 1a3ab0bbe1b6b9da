/**
 * Small enough for a laptop's background, durable as shipped: fsync, full_page_writes and
 * synchronous_commit keep their defaults (on). Given on the command line, so that a newer Errand does not
 * have to edit an older folder's postgresql.conf.
 */
const small: Readonly<Record<string, string>> = {
  shared_buffers: '8MB',
  work_mem: '2MB',
  maintenance_work_mem: '16MB',
  wal_buffers: '1MB',
  max_wal_size: '64MB',
  min_wal_size: '32MB',
  max_connections: '40',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_worker_processes: '0',
  max_parallel_workers: '0',
  max_logical_replication_workers: '0',
  autovacuum_max_workers: '1',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // The log tells of starts, stops and crashes only. Errors and warnings are their callers' to hear, and they
  // quote statements and values, which belong to the people the database keeps them for.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_statement: 'none',
  log_checkpoints: 'off',
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
  log_error_verbosity: 'terse',
};

/** For databases thrown away after a test: a power cut may lose them. */
const throwaway: Readonly<Record<string, string>> = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  autovacuum: 'off',
  max_connections: '200',
};

export type Listen = { kind: 'socket'; folder: string } | { kind: 'tcp'; port: number };

export function settingArguments(listen: Listen, durable: boolean): string[] {
  const settings = { ...small, ...(durable ? {} : throwaway), ...listening(listen) };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

function listening(listen: Listen): Record<string, string> {
  if (listen.kind === 'tcp')
    return { listen_addresses: '127.0.0.1', port: String(listen.port), unix_socket_directories: '' };
  return {
    listen_addresses: '',
    port: '5432',
    unix_socket_directories: listen.folder,
    unix_socket_permissions: '0700',
  };
}
