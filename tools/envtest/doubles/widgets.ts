import type { KubeObject, Resource } from '@backendai-e2e/kube/object';

/** A kind that only tests and measurements know. */
export interface Widget extends KubeObject {
  spec?: { size?: number };
  status?: {
    observedGeneration?: number;
    count?: number;
    verdict?: string;
    message?: string;
    tests?: { name: string; state: string }[];
    conditions?: { type: string; status: string }[];
  };
}

export const WIDGETS: Resource<Widget> = {
  apiVersion: 'example.org/v1',
  kind: 'Widget',
  plural: 'widgets',
};

/** The CRD of widgets, as YAML. It refuses a negative size. */
export const WIDGET_CRD = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.example.org }
spec:
  group: example.org
  scope: Namespaced
  names: { kind: Widget, plural: widgets }
  versions:
    - name: v1
      served: true
      storage: true
      subresources: { status: {} }
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: { type: object, properties: { size: { type: integer, minimum: 0 } } }
            status:
              type: object
              properties:
                observedGeneration: { type: integer }
                count: { type: integer }
                verdict: { type: string }
                message: { type: string }
                tests:
                  type: array
                  items: { type: object, properties: { name: { type: string }, state: { type: string } } }
                conditions:
                  type: array
                  x-kubernetes-list-type: map
                  x-kubernetes-list-map-keys: [type]
                  items:
                    type: object
                    required: [type]
                    properties: { type: { type: string }, status: { type: string } }
`;
