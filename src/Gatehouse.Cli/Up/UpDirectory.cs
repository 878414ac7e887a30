using System.Text.Json;
using System.Text.Json.Serialization;
using Gatehouse.Hosting.Files;

namespace Gatehouse.Cli.Up;

/// <summary>What is remembered from one <c>gatehouse up</c> to the next, in <c>up.json</c>.</summary>
internal sealed record UpMemory
{
    /// <summary>Port of the auth service. The handler's state directory has it in its name, so it must stay.</summary>
    public required int AuthPort { get; init; }

    public required int ReceiverPort { get; init; }

    public required int DiagnosticsPort { get; init; }

    /// <summary>End of the made-up history: made again after an interruption it is the same, and the import leaves out what is there.</summary>
    public required DateTime Began { get; init; }

    /// <summary>The history is in the log.</summary>
    public bool HasHistory { get; init; }

    /// <summary>First day that is exported; null before the first start.</summary>
    public DateTime? FirstDay { get; init; }

    /// <summary>Audit events that an outside receiver had acknowledged when this was written.</summary>
    public long Delivered { get; init; }
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.KebabCaseLower)]
[JsonSerializable(typeof(UpMemory))]
internal sealed partial class UpJson : JsonSerializerContext;

/// <summary>The one folder of <c>gatehouse up</c>: where each thing is, and the memory.</summary>
internal sealed class UpDirectory : IDisposable
{
    private readonly FileLock _only;

    private UpDirectory(string root, FileLock only) => (Root, _only) = (root, only);

    public string Root { get; }

    /// <summary>The auth service's data.</summary>
    public string Cluster => PathOf("cluster");

    /// <summary>What <c>event-handler configure</c> wrote.</summary>
    public string Certificates => PathOf("configure");

    public string Identity => PathOf("identity");

    /// <summary>The handler's configuration.</summary>
    public string Settings => PathOf("teleport-event-handler.toml");

    /// <summary>The handler's state root.</summary>
    public string State => PathOf("state");

    /// <summary>Audit events as the receiver took them, one a line.</summary>
    public string Events => PathOf("events.ndjson");

    /// <summary>Recordings as the receiver took them, a file each.</summary>
    public string Sessions => PathOf("sessions");

    public string Log => PathOf("up.log");

    /// <exception cref="UpException">The folder cannot be made, or another <c>gatehouse up</c> has it.</exception>
    public static UpDirectory Open(string root)
    {
        try
        {
            Directory.CreateDirectory(root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            var only = FileLock.TryTake(Path.Combine(root, "up.lock"))
                ?? throw new UpException($"{root} is in use by another gatehouse up; stop that one, or give another --dir");
            return new UpDirectory(root, only);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new UpException($"cannot use {root}: {failure.Message}", failure);
        }
    }

    public string PathOf(string name) => Path.Combine(Root, name);

    /// <returns>Null on the first start.</returns>
    /// <exception cref="UpException">The file is damaged.</exception>
    public UpMemory? Recall()
    {
        var path = PathOf("up.json");
        if (!File.Exists(path))
            return null;
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), UpJson.Default.UpMemory);
        }
        catch (JsonException failure)
        {
            throw new UpException($"{path} is damaged ({failure.Message}); remove {Root} to start afresh", failure);
        }
    }

    public void Remember(UpMemory memory)
    {
        var next = PathOf("up.json.tmp");
        using (var file = File.Create(next))
        {
            JsonSerializer.Serialize(file, memory, UpJson.Default.UpMemory);
            file.Flush(flushToDisk: true);
        }
        File.Move(next, PathOf("up.json"), overwrite: true);
    }

    public void Dispose() => _only.Dispose();
}
