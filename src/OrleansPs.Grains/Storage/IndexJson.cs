using System.Text.Json.Serialization;

namespace OrleansPs.Grains;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(SnapshotIndex))]
[JsonSerializable(typeof(ModelRecord))]
[JsonSerializable(typeof(CatalogRecord))]
[JsonSerializable(typeof(PlaceRecord))]
internal sealed partial class IndexJson : JsonSerializerContext;
