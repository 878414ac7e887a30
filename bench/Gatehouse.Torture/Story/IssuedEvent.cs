using Gatehouse.Api.AuditLog.V1;
using Google.Protobuf.WellKnownTypes;

namespace Gatehouse.Torture.Story;

/// <summary>One event the cluster gives out, and so an obligation of the handler (unless it is of a type that is not wanted).</summary>
internal sealed record IssuedEvent
{
    /// <summary>Member of every document that holds <see cref="Number"/>.</summary>
    public const string NumberField = "torture_n";

    /// <summary>Place in <see cref="ClusterStory.Events"/>.</summary>
    public required int Number { get; init; }

    /// <summary>Null for the few that have none; then the cluster makes an id up at each reading.</summary>
    public required string? Uid { get; init; }

    public required string Type { get; init; }

    public required DateTime Time { get; init; }

    public required long Index { get; init; }

    public required Struct Document { get; init; }

    /// <summary>The recording it belongs to; null in the audit log.</summary>
    public string? Recording { get; init; }

    /// <summary>The recording it announces.</summary>
    public string? Announces { get; init; }

    /// <summary>Of a type that is skipped: it must not arrive.</summary>
    public bool IsDecoy { get; init; }

    /// <summary>The receiver refuses it for good.</summary>
    public bool IsPoison { get; init; }

    /// <summary>Visible from this wave on.</summary>
    public int Wave { get; set; }

    /// <summary>As the wire carries it. One without a uid looks different each time: another id, another order of members.</summary>
    public EventUnstructured Wire()
    {
        var document = Document;
        if (Uid is null)
        {
            var members = Document.Fields.ToArray();
            Random.Shared.Shuffle(members);
            document = new Struct();
            foreach (var (name, value) in members)
                document.Fields.Add(name, value);
        }
        return new EventUnstructured
        {
            Type = Type,
            Id = Uid ?? Guid.NewGuid().ToString(),
            Index = Index,
            Time = Timestamp.FromDateTime(Time),
            Unstructured = document,
        };
    }
}

/// <summary>A chunk of a day's export, in the order its stream gives the events; the cursor is the place.</summary>
internal sealed record StoryChunk(DateOnly Day, string Name, int Wave, IReadOnlyList<IssuedEvent> Events);
