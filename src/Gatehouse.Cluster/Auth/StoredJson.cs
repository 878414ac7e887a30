using System.Text.Json.Serialization;

namespace Gatehouse.Cluster.Auth;

/// <summary>JSON of the small files an administrator may read and edit.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ClusterIdentity))]
[JsonSerializable(typeof(List<User>))]
[JsonSerializable(typeof(List<Role>))]
internal sealed partial class StoredJson : JsonSerializerContext;
