import { join } from 'node:path';

/** What of kube-controller-manager the tests need. */
const CONTROLLERS = [
  'job-controller',
  'garbage-collector-controller',
  'namespace-controller',
  'serviceaccount-controller',
  'ttl-after-finished-controller',
  // Fills the roles view, edit and admin.
  'clusterrole-aggregation-controller',
];

/** Arguments of etcd, which keeps its data in the folder. */
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
    // The data does not outlive the test: no need to wait for the disk.
    '--unsafe-no-fsync',
  ];
}

/** Arguments of kube-apiserver on that port, which finds keys and tokens in the folder (see writeIdentities). */
export function apiServerArguments(folder: string, etcdPort: number, port: number): string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${port}`,
    // It signs its own certificate there, and finds it again after a restart.
    `--cert-dir=${join(folder, 'certificates')}`,
    `--token-auth-file=${join(folder, 'tokens.csv')}`,
    '--anonymous-auth=false',
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${join(folder, 'service-accounts.pem')}`,
    `--service-account-signing-key-file=${join(folder, 'service-accounts.pem')}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    // As kubeadm has it: Pod Security, not this switch, says who may.
    '--allow-privileged=true',
    // Nothing serves the Service "kubernetes" here.
    '--endpoint-reconciler-type=none',
    '--profiling=false',
  ];
}

/** Arguments of kube-controller-manager, which calls the API server as that kubeconfig says. */
export function controllerManagerArguments(kubeconfigPath: string): string[] {
  return [
    `--kubeconfig=${kubeconfigPath}`,
    '--leader-elect=false',
    '--secure-port=0',
    `--controllers=${CONTROLLERS.join(',')}`,
    '--use-service-account-credentials=false',
  ];
}
