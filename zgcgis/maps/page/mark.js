/* The one thing that is marked: light on dark, so that it stands out on any colour beneath. */

export function marker(P) {
  const pane = P.map.createPane("mark");
  pane.style.zIndex = 610; pane.style.pointerEvents = "none";
  const renderer = L.svg({ pane: "mark", padding: 0.5 }), group = L.layerGroup().addTo(P.map);
  const lines = [{ color: "#111a20", weight: 7, opacity: 0.9 }, { color: "#ffe14d", weight: 3, opacity: 1 }];

  function draw(make) {
    group.clearLayers();
    for (const line of lines) make({ ...line, renderer, pane: "mark", fill: false, interactive: false, lineJoin: "round", className: "marked" }).addTo(group);
  }
  return {
    clear() { group.clearLayers(); },
    rings(latlngs) { draw((style) => L.polygon(latlngs, style)); },
    shape(geometry) {
      draw((style) => L.geoJSON(geometry, { style, interactive: false, pointToLayer: (_, at) => L.circleMarker(at, { ...style, radius: 15 }) }));
    },
    /* the parcel that a finding is about, beneath its mark */
    beside(latlngs) { L.polygon(latlngs, { color: "#111a20", weight: 1.6, dashArray: "5 4", renderer, pane: "mark", fill: false, interactive: false, className: "beside" }).addTo(group); },
    /* what is marked and too small to be seen gets a ring around it */
    ring(latlng) { for (const line of lines) L.circleMarker(latlng, { ...line, renderer, pane: "mark", fill: false, radius: 34, interactive: false, className: "marked" }).addTo(group); },
  };
}
