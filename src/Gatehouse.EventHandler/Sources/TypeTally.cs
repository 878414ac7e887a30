using System.Runtime.InteropServices;

namespace Gatehouse.EventHandler.Sources;

/// <summary>How many events of each type: counted one by one where they pass, and told to the metrics once a batch.</summary>
/// <remarks>Allocates when a type is new to it, not for each event. As large as the batch has types.</remarks>
public sealed class TypeTally
{
    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);

    /// <summary>Events of all types.</summary>
    public int Total { get; private set; }

    /// <summary>Each type and its events, in no order.</summary>
    public Dictionary<string, int>.Enumerator GetEnumerator() => _counts.GetEnumerator();

    /// <summary>One more event of this type.</summary>
    public void Add(string type)
    {
        CollectionsMarshal.GetValueRefOrAddDefault(_counts, type, out _)++;
        Total++;
    }
}
