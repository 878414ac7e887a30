namespace Gatehouse.Torture;

/// <summary>How the handler under test is run.</summary>
internal enum Body
{
    /// <summary>The built program as a process of its own: killed, paused, starved of disk.</summary>
    Child,

    /// <summary>Its parts in this process, on a state directory whose every n-th operation fails.</summary>
    Hosted,
}

/// <summary>Everything about one run that follows from its seed: what the handler is told and what the peers hold against it.</summary>
internal sealed record RunPlan
{
    public required ulong Seed { get; init; }

    public required Body Body { get; init; }

    /// <summary>Bulk export; otherwise the calls are unimplemented and the handler searches.</summary>
    public required bool Export { get; init; }

    public required int AuditEvents { get; init; }

    public required int LargeEvents { get; init; }

    public required int Recordings { get; init; }

    /// <summary>Times the handler is ended before the last, undisturbed start.</summary>
    public required int Lives { get; init; }

    public required int BatchSize { get; init; }

    public required int BatchBytes { get; init; }

    public required bool Gzip { get; init; }

    public required bool ReceiverTls { get; init; }

    public required int PageSize { get; init; }

    public required int Concurrency { get; init; }

    /// <summary>The receiver answers 413 above this many bytes of body.</summary>
    public required int ReceiverMaxBody { get; init; }

    /// <summary>The receiver answers 400 to whatever holds one of these (one in a hundred).</summary>
    public required bool Poison { get; init; }

    public required TimeSpan ReceiverDelay { get; init; }

    /// <summary>State on a tmpfs that is full for a while. Needs root.</summary>
    public required bool SmallDisk { get; init; }

    /// <summary>Hosted only: every n-th operation on the state directory fails.</summary>
    public required int FailEvery { get; init; }

    public static RunPlan Of(ulong seed, bool mayMount)
    {
        var dice = new Dice(seed).Fork("plan");
        var batch = dice.Chance(0.4) ? 1 : dice.Pick(7, 50, 500);
        return new RunPlan
        {
            Seed = seed,
            Body = dice.Chance(0.25) ? Body.Hosted : Body.Child,
            Export = dice.Chance(0.5),
            BatchSize = batch,
            AuditEvents = batch == 1 ? dice.Between(100, 500) : dice.Between(300, 2500),
            LargeEvents = dice.Chance(0.3) ? dice.Between(1, 7) : 0,
            Recordings = dice.Chance(0.6) ? dice.Between(1, 4) : 0,
            Lives = dice.Between(2, 4),
            BatchBytes = dice.Pick(64 * 1024, 512 * 1024, 4 * 1024 * 1024),
            Gzip = dice.Chance(0.3),
            ReceiverTls = dice.Chance(0.25),
            PageSize = dice.Pick(20, 100, 500),
            Concurrency = dice.Pick(1, 5),
            ReceiverMaxBody = dice.Chance(0.4) ? dice.Between(4_000, 3_000_000) : int.MaxValue,
            Poison = dice.Chance(0.25),
            ReceiverDelay = dice.Chance(0.25) ? TimeSpan.FromMilliseconds(dice.Between(1, 25)) : TimeSpan.Zero,
            SmallDisk = mayMount && dice.Chance(0.3),
            // A commit that is tried again takes three operations: below four it would never succeed.
            FailEvery = dice.Between(4, 14),
        };
    }

    public override string ToString() =>
        $"{(Body == Body.Child ? "child" : $"hosted/{FailEvery}")} {(Export ? "export" : "search")} {(BatchSize == 1 ? "objects" : $"arrays/{BatchSize}")}" +
        $"{(Gzip ? " gzip" : "")}{(ReceiverTls ? " tls" : "")}{(SmallDisk && Body == Body.Child ? " small-disk" : "")}{(Poison ? " 400s" : "")}{(ReceiverMaxBody < int.MaxValue ? " 413s" : "")}";
}
