using System.Xml.Linq;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.Repository.Tests;

/// <summary>Holds the map of docs/architecture.md: which room may reference which.</summary>
public class RoomMapTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Gatehouse.Api"] = [],
        ["Gatehouse.Events"] = [],
        ["Gatehouse.Hosting"] = [],
        ["Gatehouse.EventHandler"] = ["Gatehouse.Api", "Gatehouse.Events", "Gatehouse.Hosting"],
        ["Gatehouse.Cluster"] = ["Gatehouse.Api", "Gatehouse.Events", "Gatehouse.Hosting"],
        ["Gatehouse.Cli"] = ["Gatehouse.Api", "Gatehouse.Events", "Gatehouse.Hosting", "Gatehouse.EventHandler", "Gatehouse.Cluster"],
    };

    public static TheoryData<string> Rooms() =>
        [.. Directory.GetDirectories(Testing.Repository.PathOf("src")).Select(directory => Path.GetFileName(directory))];

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_references_only_what_the_map_allows(string room)
    {
        Assert.True(Allowed.TryGetValue(room, out var allowed), $"{room} is not on the map: add it to docs/architecture.md and here");
        var references = XDocument.Load(Testing.Repository.PathOf("src", room, room + ".csproj"))
            .Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension((string)reference.Attribute("Include")!));
        foreach (var reference in references)
            Assert.True(allowed.Contains(reference), $"{room} must not reference {reference}");
    }

    [Fact]
    public void Hosting_has_only_its_closed_list_of_folders()
    {
        string[] folders = ["Diagnostics", "Files", "Lifetime", "Logging", "Settings", "Tls"];
        var found = Directory.GetDirectories(Testing.Repository.PathOf("src", "Gatehouse.Hosting"))
            .Select(directory => Path.GetFileName(directory))
            .Where(name => name is not ("bin" or "obj"));
        Assert.All(found, name => Assert.Contains(name, folders));
    }
}
