using System.Globalization;
using System.Text.RegularExpressions;
using Gatehouse.Api.AuditLog;
using Gatehouse.Api.Grpc;
using Gatehouse.Events;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler.Sources;

/// <summary>One search in the audit log, with the server's objections dealt with.</summary>
internal sealed partial class PagedSearch(AuditLogClient log, ClusterContact contact, ILogger logger)
{
    /// <summary>What the server said it takes at most; it does not say so before it is asked for more.</summary>
    private int _largestLimit = int.MaxValue;

    /// <summary>A range this short is not to be cut further: its search is tried again until it is answered.</summary>
    private static readonly TimeSpan ShortestRange = TimeSpan.FromMinutes(1);

    /// <exception cref="SourceException">Denied, refused for good, or a cluster too old to answer.</exception>
    public async Task<SearchAnswer> PageAsync(
        IReadOnlyList<string> types, DateTime from, DateTime to, int limit, string key, CancellationToken cancellation)
    {
        while (true)
        {
            var search = new EventSearch(Utc(from), Utc(to), types, Math.Clamp(limit, 0, _largestLimit), key);
            try
            {
                return new SearchAnswer.Page(await contact.AskAsync(
                    async token => EventDecoder.ReadPage(await log.SearchAsync(search, token)),
                    failure => IsAnswer(failure) || (failure.Status == GrpcStatus.DeadlineExceeded && to - from > ShortestRange),
                    cancellation));
            }
            catch (GrpcException refusal) when (LowerLimit(refusal, search.Limit))
            {
            }
            catch (GrpcException refusal) when (refusal.Status == GrpcStatus.DeadlineExceeded)
            {
                Log.SearchTooSlow(logger, from, to);
                return SearchAnswer.TooSlow.Instance;
            }
            catch (GrpcException refusal) when (refusal.Status == GrpcStatus.Unimplemented)
            {
                throw new SourceException(
                    "The cluster cannot be searched for events in their unstructured form. That takes Teleport 13.1 or newer; " +
                    $"please update its auth service. It said: {refusal.Message}", refusal);
            }
            catch (GrpcException refusal) when (key.Length > 0)
            {
                Log.PageKeyRefused(logger, refusal.Message);
                return SearchAnswer.KeyRefused.Instance;
            }
            catch (GrpcException refusal)
            {
                throw new SourceException(refusal.Message, refusal);
            }
        }
    }

    private static DateTimeOffset Utc(DateTime moment) => new(moment.Ticks, TimeSpan.Zero);

    private static bool IsAnswer(GrpcException failure) =>
        failure.Status is GrpcStatus.Unimplemented or GrpcStatus.InvalidArgument or GrpcStatus.NotFound or GrpcStatus.OutOfRange
        || LimitWords().IsMatch(failure.Message);

    private bool LowerLimit(GrpcException refusal, int asked)
    {
        var match = LimitWords().Match(refusal.Message);
        if (!match.Success || !int.TryParse(match.Groups[1].Value, CultureInfo.InvariantCulture, out var largest) || largest < 1 || largest >= asked)
            return false;
        _largestLimit = largest;
        Log.LimitLowered(logger, asked, largest);
        return true;
    }

    // The real server: "limit 20000 exceeds max iteration limit 1000".
    [GeneratedRegex(@"limit \d+ exceeds \D*(\d+)", RegexOptions.CultureInvariant)]
    private static partial Regex LimitWords();
}

/// <summary>What became of one search. A closed list.</summary>
internal abstract record SearchAnswer
{
    private SearchAnswer() { }

    public sealed record Page(EventPage Events) : SearchAnswer;

    /// <summary>The server does not take the page key.</summary>
    public sealed record KeyRefused : SearchAnswer
    {
        public static readonly KeyRefused Instance = new();
    }

    /// <summary>No answer within the deadline; a shorter range may have one.</summary>
    public sealed record TooSlow : SearchAnswer
    {
        public static readonly TooSlow Instance = new();
    }
}
