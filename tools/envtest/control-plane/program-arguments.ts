import { join } from 'node:path';

/** The controllers of kube-controller-manager that the tests need. */
const CONTROLLERS = [
  'job-controller',
  'garbage-collector-controller',
  'namespace-controller',
  'serviceaccount-controller',
  'ttl-after-finished-controller',
  // Aggregates the roles view, edit and admin.
  'clusterrole-aggregation-controller',
];

/** The arguments of etcd. It keeps its data in the folder. */
export function etcdArguments(folder: string, clientPort: number, peerPort: number): string[] {
  const client = `http://127.0.0.1:${clientPort}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  return [
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    // The data does not outlive the test, so etcd need not wait for the disk.
    '--unsafe-no-fsync',
  ];
}

/** The arguments of kube-apiserver. It reads keys and tokens from the folder (see writeIdentities). */
export function apiServerArguments(folder: string, etcdPort: number, port: number): string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${port}`,
    // kube-apiserver signs its own certificate there, and reuses it after a restart.
    `--cert-dir=${join(folder, 'certificates')}`,
    `--token-auth-file=${join(folder, 'tokens.csv')}`,
    '--anonymous-auth=false',
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${join(folder, 'service-accounts.pem')}`,
    `--service-account-signing-key-file=${join(folder, 'service-accounts.pem')}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    // As kubeadm sets it: Pod Security decides who may run privileged pods.
    '--allow-privileged=true',
    // The Service "kubernetes" has no endpoints here.
    '--endpoint-reconciler-type=none',
    '--profiling=false',
  ];
}

/** The arguments of kube-controller-manager. */
export function controllerManagerArguments(kubeconfigPath: string): string[] {
  return [
    `--kubeconfig=${kubeconfigPath}`,
    '--leader-elect=false',
    '--secure-port=0',
    `--controllers=${CONTROLLERS.join(',')}`,
    '--use-service-account-credentials=false',
  ];
}
