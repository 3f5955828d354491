import { describe, expect, test } from 'vitest'
import { defaultThresholds } from '../node/kubelet/eviction-thresholds.ts'
import { defaultEviction } from '../node/kubelet/evictor.ts'
import { defaultImageCollection } from '../node/kubelet/image-collector.ts'
import { defenceDecodeProblem, imageCollectionProblems, readDefence, shutdownProblems } from './kubelet-defence.ts'

const gibibyte = 1024 ** 3

describe('how a configuration defends a node', () => {
  test('what kubeadm writes means the defaults', () => {
    const kubeadm = { evictionPressureTransitionPeriod: '0s', imageMinimumGCAge: '0s', shutdownGracePeriod: '0s', shutdownGracePeriodCriticalPods: '0s' }
    expect(readDefence(kubeadm)).toEqual({ eviction: defaultEviction, imageCollection: defaultImageCollection, shutdown: [] })
  })

  test('hard thresholds replace the defaults, or add to them where that is asked for', () => {
    const evictionHard = { 'memory.available': '1Gi', 'nodefs.available': '0%', 'nodefs.inodesFree': '5%' }
    const own = { signal: 'memory.available', value: { amount: gibibyte }, graceMs: 0 }
    expect(readDefence({ evictionHard })).toMatchObject({ eviction: { thresholds: [own] } })
    expect(readDefence({ evictionHard, mergeDefaultEvictionSettings: true })).toMatchObject({ eviction: { thresholds: [own, { signal: 'imagefs.available', value: { share: 0.15 } }] } })
    expect(readDefence({ evictionHard: {} })).toMatchObject({ eviction: { thresholds: [] } })
  })

  test('soft thresholds have their grace period, all their minimum reclaim', () => {
    expect(readDefence({ evictionSoft: { 'memory.available': '20%' }, evictionSoftGracePeriod: { 'memory.available': '1m30s' }, evictionMinimumReclaim: { 'memory.available': '1Gi', 'imagefs.available': '5%' }, evictionPressureTransitionPeriod: '30s', evictionMaxPodGracePeriod: 20 })).toMatchObject({
      eviction: {
        thresholds: [
          { ...defaultThresholds[0], minReclaim: { amount: gibibyte } },
          defaultThresholds[1],
          { ...defaultThresholds[2], minReclaim: { share: 0.05 } },
          { signal: 'memory.available', value: { share: 0.2 }, graceMs: 90_000, minReclaim: { amount: gibibyte } },
        ],
        pressureTransitionMs: 30_000,
        maxPodGraceSeconds: 20,
      },
    })
  })

  test('images and shutdown', () => {
    expect(readDefence({ imageGCHighThresholdPercent: 70, imageGCLowThresholdPercent: 60, imageMinimumGCAge: '5m', shutdownGracePeriod: '30s', shutdownGracePeriodCriticalPods: '10s' })).toMatchObject({
      imageCollection: { highShare: 0.7, lowShare: 0.6, minAgeMs: 300_000 },
      shutdown: [{ priority: 0, graceSeconds: 20 }, { priority: 2_000_000_000, graceSeconds: 10 }],
    })
    expect(readDefence({ shutdownGracePeriodByPodPriority: [{ priority: 1000, shutdownGracePeriodSeconds: 5 }] })).toMatchObject({ shutdown: [{ priority: 1000, graceSeconds: 5 }] })
    expect(readDefence({ imageGCHighThresholdPercent: 100 })).toMatchObject({ imageCollection: { highShare: Infinity } })
  })

  test.each([
    [{ evictionHard: { 'memory.free': '1Gi' } }, 'unsupported eviction signal memory.free'],
    [{ evictionHard: { 'memory.available': '101%' } }, 'eviction percentage threshold memory.available must be <= 100%: 101%'],
    [{ evictionHard: { 'memory.available': '-1Gi' } }, 'eviction threshold memory.available must be positive: -1Gi'],
    [{ evictionHard: { 'memory.available': 'some%' } }, 'strconv.ParseFloat: parsing "some": invalid syntax'],
    [{ evictionHard: { 'memory.available': 'lots' } }, "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"],
    [{ evictionSoft: { 'memory.available': '1Gi' } }, 'failed to create kubelet: grace period must be specified for the soft eviction threshold memory.available'],
    [{ evictionSoftGracePeriod: { 'memory.available': '30' } }, 'failed to create kubelet: time: missing unit in duration "30"'],
    [{ evictionSoftGracePeriod: { 'memory.available': '-30s' } }, 'failed to create kubelet: invalid eviction grace period specified: -30s, must be a positive value'],
    [{ evictionMinimumReclaim: { 'memory.available': '-1' } }, 'failed to create kubelet: negative eviction minimum reclaim specified for memory.available'],
  ])('%j: %s', (config, message) => {
    expect(readDefence(config)).toBe(message)
  })

  test.each([
    [{ evictionHard: 'much' }, 'json: cannot unmarshal string into Go struct field KubeletConfiguration.evictionHard of type map[string]string'],
    [{ evictionHard: { 'memory.available': 5 } }, 'json: cannot unmarshal number into Go struct field KubeletConfiguration.evictionHard of type string'],
    [{ imageMinimumGCAge: 30 }, 'json: cannot unmarshal number into Go value of type string'],
    [{ shutdownGracePeriod: 'soon' }, 'time: invalid duration "soon"'],
    [{ shutdownGracePeriod: '1d' }, 'time: unknown unit "d" in duration "1d"'],
  ])('%j does not decode: %s', (config, message) => {
    expect(defenceDecodeProblem(config)).toBe(message)
  })

  test('what validation says', () => {
    expect(imageCollectionProblems({ imageGCHighThresholdPercent: 101, imageGCLowThresholdPercent: -1, imageMinimumGCAge: '-1s' })).toEqual([
      'invalid configuration: imageGCHighThresholdPercent (--image-gc-high-threshold) 101 must be between 0 and 100, inclusive',
      'invalid configuration: imageGCLowThresholdPercent (--image-gc-low-threshold) -1 must be between 0 and 100, inclusive',
      'invalid configuration: imageMinimumGCAge -1s must not be negative',
    ])
    expect(shutdownProblems({ shutdownGracePeriod: '500ms', shutdownGracePeriodCriticalPods: '1s' })).toEqual([
      'invalid configuration: shutdownGracePeriodCriticalPods 1s must be <= shutdownGracePeriod 500ms',
      'invalid configuration: shutdownGracePeriod 500ms must be either zero or otherwise >= 1 sec',
    ])
  })
})
