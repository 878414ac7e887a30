using System.Text.Json.Nodes;
using Xunit;

namespace Gatehouse.Events.Tests;

public class CatalogueTests
{
    [Fact]
    public void Every_real_event_fits_the_catalogue()
    {
        var catalogue = new Catalogue();
        Assert.Empty(Some.RealEvents().SelectMany(line => catalogue.Misfits(JsonNode.Parse(line)!.AsObject())));
    }
}
