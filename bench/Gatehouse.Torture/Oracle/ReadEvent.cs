using Gatehouse.Torture.Story;

namespace Gatehouse.Torture.Oracle;

/// <summary>An event in a request, found to be what was issued.</summary>
/// <param name="Bytes">Length of its document.</param>
internal readonly record struct ReadEvent(IssuedEvent Event, int Bytes)
{
    public bool IsPoison => Event.IsPoison;
}
