using System.Diagnostics;
using Gatehouse.Api.AuditLog;
using Gatehouse.Api.AuditLog.V1;
using Gatehouse.Api.Grpc;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace Gatehouse.Api.Tests.Grpc;

[CollectionDefinition(nameof(StreamCostTests), DisableParallelization = true)]
[Collection(nameof(StreamCostTests))]
public sealed class StreamCostTests
{
    private const int Messages = 200_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_raw_message_costs_no_allocation_on_either_side()
    {
        ReadOnlyMemory<byte> message = new byte[500];
        var writesThatAllocate = 0;
        var service = new GrpcServer();
        service.ServerStream(Methods.ExportUnstructuredEvents, ExportUnstructuredEventsRequest.Parser, async (_, response, _) =>
        {
            writesThatAllocate = 0;
            for (var i = 0; i < Messages; i++)
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                var writing = response.WriteBytesAsync(message);
                if (GC.GetAllocatedBytesForCurrentThread() != before)
                    writesThatAllocate++;
                await writing;
            }
        });
        await using var server = await OurServer.StartAsync(service);
        using var channel = Channels.To(server.Port);
        await ReadAllAsync(channel);

        var clock = Stopwatch.StartNew();
        var (count, allocated) = await ReadAllAsync(channel);

        TestContext.Current.TestOutputHelper?.WriteLine($"{count / clock.Elapsed.TotalSeconds:N0} messages of 500 bytes a second, both ends in this process");
        Assert.Equal((Messages, 0), (count, allocated));
        // What is left are the flushes, one in about 65 messages, where the HTTP stack may need another buffer.
        Assert.InRange(writesThatAllocate, 0, Messages / 20);
    }

    private static async Task<(int Count, long Allocated)> ReadAllAsync(GrpcChannel channel)
    {
        await using var stream = await channel.ServerStreamAsync(Methods.ExportUnstructuredEvents, new Empty(), Cancellation);
        var count = 0;
        var allocated = 0L;
        while (await stream.WaitToReadAsync(Cancellation))
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            while (stream.TryRead(out var _))
                count++;
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
        }
        return (count, allocated);
    }
}
