/** What differs from run to run, replaced: ages, uids, versions, times, random names, addresses and the namespace. */
export function normalise(text: string, namespace: string, folder: string): string {
  return text
    .replaceAll(folder, '$FILES')
    .replaceAll(namespace, '$NS')
    .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, 'UID')
    .replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[-+]\d\d:\d\d)/g, 'TIME')
    .replace(/\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ \+0000/g, 'TIME')
    .replace(/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d [-+]\d{4}/g, 'DATE')
    .replace(/([Rr]esourceVersion"?: ?)"\d+"/g, '$1"RV"')
    .replace(/\bresourceVersion:\d+/g, 'resourceVersion:RV')
    .replace(/\bkube-api-access-[a-z0-9]{5}\b/g, 'kube-api-access-RAND')
    .replace(/-[bcdfghjklmnpqrstvwxz2456789]{6,10}-[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, '-HASH-RAND')
    .replace(/\b10\.(96|97|98|99|1\d\d)\.\d+\.\d+( *)/g, (_, __, blanks: string) => (blanks.length > 1 ? 'CLUSTERIP  ' : `CLUSTERIP${blanks}`))
    .replace(/\b10\.244\.\d+\.\d+( *)/g, (_, blanks: string) => (blanks.length > 1 ? 'PODIP  ' : `PODIP${blanks}`))
    .replace(/:3[0-2]\d{3}\/(TCP|UDP)/g, ':NODEPORT/$1')
    .replace(/(nodePort"?: )3[0-2]\d{3}/g, '$1NODEPORT')
    .replace(/\b(\d+[smhd]){1,2}\b( *)/g, (_, __, blanks: string) => (blanks.length > 1 ? 'AGE  ' : `AGE${blanks}`))
    .replace(/^([WIE])\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ \S+\]/gm, '$1 klog]')
    .replace(/\b[0-9a-f]{64}\b/g, 'DIGEST')
    .replace(/((?:nodeName"?|hostIP"?|"ip"|ip): "?)(worker-\d|192\.168\.64\.\d+)/g, '$1NODE')
    .replace(/CLUSTER-IP +/g, 'CLUSTER-IP  ')
    .replace(/(LIVE|MERGED)-\w+/g, '$1-N')
}
