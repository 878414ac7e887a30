using System.Text.Json;
using System.Text.Json.Serialization;
using Gatehouse.Cluster.Storage;

namespace Gatehouse.Cluster.Auth;

/// <summary>What never changes about a cluster: its name and the id of this auth host.</summary>
internal sealed record ClusterIdentity
{
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    [JsonPropertyName("host_id")]
    public required string HostId { get; init; }

    /// <summary>How the auth host itself appears as an actor in audit events and certificates.</summary>
    [JsonIgnore]
    public string HostUser => $"{HostId}.{Name}";

    /// <summary>Reads the identity, or writes it at first use.</summary>
    /// <param name="name">Wanted name; null takes what is there, or the machine's name.</param>
    /// <exception cref="ClusterException">The directory belongs to a cluster of another name, or the file is broken.</exception>
    public static ClusterIdentity LoadOrCreate(DataDirectory data, string? name)
    {
        var path = data.File("cluster.json");
        if (!File.Exists(path))
        {
            var created = new ClusterIdentity
            {
                Name = CheckName(name ?? Environment.MachineName.ToLowerInvariant()),
                HostId = Guid.NewGuid().ToString(),
            };
            Disk.WriteAtomically(path, JsonSerializer.SerializeToUtf8Bytes(created, StoredJson.Default.ClusterIdentity));
            return created;
        }
        var known = Read(path);
        if (name is not null && name != known.Name)
            throw new ClusterException($"{data.Root} belongs to the cluster \"{known.Name}\", not \"{name}\"; a cluster cannot be renamed");
        return known;
    }

    private static ClusterIdentity Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), StoredJson.Default.ClusterIdentity)
                ?? throw new ClusterException($"{path} is empty");
        }
        catch (JsonException error)
        {
            throw new ClusterException($"{path} is not what it should be: {error.Message}", error);
        }
        catch (Exception error) when (Disk.IsRefusal(error))
        {
            throw Disk.Refused(path, error);
        }
    }

    private static string CheckName(string name) =>
        name.Length is > 0 and <= 200 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_')
            ? name
            : throw new ClusterException($"\"{name}\" cannot be a cluster name: letters, digits, '.', '-' and '_' only");
}
