//! The border between haft and a plugin in Rust: what <haft/plugin.h> says, and
//! the four kinds that plugins here may be of, as traits. Nothing is unwound
//! into the host: a panic is caught, and told as a fault.
//!
//! The names are those of the headers, which are the reference. The messages
//! are in haft_messages.rs; the host compares their tables with its own when it
//! loads the module, and says which field differs.
#![allow(dead_code, non_camel_case_types)]

use std::any::Any;
use std::borrow::Cow;
use std::ffi::c_void;
use std::marker::PhantomData;
use std::mem::{align_of, size_of, zeroed};
use std::os::raw::c_char;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr::{addr_of, addr_of_mut, null, null_mut};

pub use crate::haft_messages::*;

pub const ABI: u32 = 1;

/// A constant text that ends in a zero byte.
macro_rules! cstr {
    ($text:expr) => {
        concat!($text, "\0").as_ptr() as *const std::os::raw::c_char
    };
}
pub(crate) use cstr;

/* ---- values ---- */

/// Counted bytes, borrowed: what it was made of must last as long.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Slice {
    p: *const u8,
    n: u64,
}

impl Slice {
    pub fn of(text: &str) -> Slice {
        Slice {
            p: text.as_ptr(),
            n: text.len() as u64,
        }
    }

    pub fn bytes(&self) -> &[u8] {
        if self.n == 0 {
            return &[];
        }
        // The host's promise: n bytes, until the method returns.
        unsafe { std::slice::from_raw_parts(self.p, self.n as usize) }
    }

    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.bytes())
    }
}

/// Flat items of one type, which the message's table names.
#[repr(C)]
pub struct Array<T> {
    p: *const T,
    count: u32,
    stride: u32,
}

impl<T> Array<T> {
    pub fn of(items: &[T]) -> Array<T> {
        Array {
            p: items.as_ptr(),
            count: items.len() as u32,
            stride: size_of::<T>() as u32,
        }
    }

    /// Steps by the sender's stride: its items may be longer.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        let (p, stride) = (self.p as *const u8, self.stride as usize);
        (0..self.count as usize).map(move |i| unsafe { &*(p.add(i * stride) as *const T) })
    }
}

/* ---- tables ---- */

#[repr(C)]
pub struct haft_field {
    pub name: *const c_char,
    pub kind: u32,
    pub offset: u32,
    pub item: *const haft_record,
}

#[repr(C)]
pub struct haft_record {
    pub name: *const c_char,
    pub size: u32,
    pub least: u32,
    pub count: u32,
    pub stride: u32,
    pub fields: *const haft_field,
}

#[repr(C)]
pub struct haft_signature {
    pub name: *const c_char,
    pub flags: u32,
    pub _0: u32,
    pub input: *const haft_record,
    pub out: *const haft_record,
}

#[repr(C)]
pub struct haft_interface {
    pub id: *const c_char,
    pub size: u32,
    pub count: u32,
    pub stride: u32,
    pub _0: u32,
    pub methods: *const haft_signature,
}

/// A type that a table describes.
pub trait Record {
    const TABLE: haft_record;
}

impl Record for Slice {
    const TABLE: haft_record = haft_record {
        name: cstr!("haft_slice"),
        size: 16,
        least: 16,
        count: 1,
        stride: size_of::<haft_field>() as u32,
        fields: &haft_field {
            name: cstr!("text"),
            kind: 7,
            offset: 0,
            item: null(),
        },
    };
}

/// What a member of a message may be.
pub trait Member {
    type Is;
    const KIND: u32;
    const ITEM: *const haft_record = null();
}

pub struct Items<T>(PhantomData<T>);
impl<T: Record + 'static> Member for Items<T> {
    type Is = Array<T>;
    const KIND: u32 = 9;
    const ITEM: *const haft_record = &T::TABLE;
}

macro_rules! members {
    ($($name:ident = $number:literal is $type:ty),*) => {$(
        pub struct $name;
        impl Member for $name {
            type Is = $type;
            const KIND: u32 = $number;
        }
    )*};
}
members!(Size = 1 is u32, Pad = 2 is u32, U32 = 3 is u32, I32 = 4 is i32, U64 = 5 is u64,
         I64 = 6 is i64, Bytes = 7 is Slice, Text = 8 is Slice);

/// Where a member lies that comes after `end` bytes.
pub const fn next<T>(end: usize) -> usize {
    (end + align_of::<T>() - 1) / align_of::<T>() * align_of::<T>()
}

/// A message, or an item of one: the struct, and its table. `least` is the
/// size that it had when it was first released.
macro_rules! message {
    ($name:ident, $least:literal { $($field:ident: $member:ty,)* }) => {
        #[repr(C)]
        pub struct $name {
            $(pub $field: <$member as Member>::Is,)*
        }

        impl $name {
            const COUNT: usize = [$(stringify!($field)),*].len();

            #[allow(unused_assignments)]
            const FIELDS: &'static [haft_field; Self::COUNT] = &{
                let mut end = 0;
                [$({
                    let at = next::<<$member as Member>::Is>(end);
                    end = at + size_of::<<$member as Member>::Is>();
                    haft_field {
                        name: cstr!(stringify!($field)),
                        kind: <$member as Member>::KIND,
                        offset: at as u32,
                        item: <$member as Member>::ITEM,
                    }
                }),*]
            };
        }

        impl Record for $name {
            const TABLE: haft_record = haft_record {
                name: cstr!(stringify!($name)),
                size: size_of::<$name>() as u32,
                least: $least,
                count: Self::COUNT as u32,
                stride: size_of::<haft_field>() as u32,
                fields: Self::FIELDS.as_ptr(),
            };
        }
    };
}
pub(crate) use message;

/// A message of zeros, but for its size.
pub fn fresh<T: Record>() -> T {
    // Numbers, and empty slices and arrays: all may be zero.
    let mut message: T = unsafe { zeroed() };
    unsafe { *(addr_of_mut!(message) as *mut u32) = size_of::<T>() as u32 };
    message
}

/* ---- the host ---- */

#[repr(C)]
pub struct haft_call {
    pub size: u32,
    pub flags: u32,
    pub id: u64,
    pub deadline_ms: i64,
    pub trace_hi: u64,
    pub trace_lo: u64,
}

pub type Method =
    unsafe extern "C" fn(*mut c_void, *const haft_call, *const c_void, *mut c_void) -> i32;

#[repr(C)]
pub struct haft_object {
    size: u32,
    count: u32,
    interface: *const haft_interface,
    methods: *const Method,
    this: *mut c_void,
}

type Complete =
    unsafe extern "C" fn(*mut c_void, u64, i32, *const c_void, *const haft_fault) -> i32;

#[repr(C)]
pub struct haft_host {
    size: u32,
    abi: u32,
    this: *mut c_void,
    query: unsafe extern "C" fn(*mut c_void, *const c_char) -> *const haft_object,
    alloc: unsafe extern "C" fn(*mut c_void, u64, u64) -> *mut c_void,
    fault: unsafe extern "C" fn(*mut c_void, u64, *const haft_fault) -> i32,
    complete: Complete,
    cancelled: unsafe extern "C" fn(*mut c_void, u64) -> i32,
}

/// What went wrong: a class of <haft/fault.h>, a stable code, a sentence.
pub struct Fault {
    pub class: u32,
    pub code: &'static str,
    pub message: String,
}

// Of the headers, what the plugins here say; the rest is there.
pub const USER_FAILURE: u32 = 7;
pub const RESOURCE: u32 = 11;
pub const TRANSIENT: u32 = 12;
pub const UNIMPLEMENTED: u32 = 19;
pub const INTERNAL: u32 = 20;
pub const LOG_ERROR: u32 = 0;
pub const LOG_WARN: u32 = 1;
pub const LOG_INFO: u32 = 2;
pub const ATTEMPT_V1: *const c_char = cstr!("haft.attempt/1");
pub const ATTEMPT_STARTED: usize = 0;
pub const ATTEMPT_ENDED: usize = 3;
pub const RETRY_FAIL: u32 = 0;
pub const RETRY_AGAIN: u32 = 1;
pub const AUTH_KNOWN: u32 = 1;

/// The host, as one instance knows it; services by their ids.
#[derive(Clone, Copy)]
pub struct Host(*const haft_host);

// What it is asked may be asked on any thread, or says otherwise.
unsafe impl Send for Host {}
unsafe impl Sync for Host {}

impl Host {
    /// Asks a service; a status as in <haft/types.h>.
    pub fn ask<In: Record>(
        &self,
        id: *const c_char,
        method: usize,
        input: &In,
        out: *mut c_void,
    ) -> i32 {
        unsafe {
            let object = ((*self.0).query)((*self.0).this, id);
            if object.is_null() || method >= (*object).count as usize {
                return -(UNIMPLEMENTED as i32);
            }
            let work = *(*object).methods.add(method);
            work(
                (*object).this,
                null(),
                addr_of!(*input) as *const c_void,
                out,
            )
        }
    }

    /// A line of the host's log, with one fact.
    pub fn log(&self, level: u32, event: &str, name: &str, value: &str) {
        let facts = [haft_pair {
            name: Slice::of(name),
            value: Slice::of(value),
        }];
        let mut line: haft_log_write_in = fresh();
        line.level = level;
        line.event = Slice::of(event);
        line.facts = Array::of(&facts);
        self.ask(cstr!("haft.log/1"), 0, &line, null_mut());
    }

    /// Milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        let mut now: haft_clock_now_out = fresh();
        let nothing: haft_empty = fresh();
        self.ask(
            cstr!("haft.clock/1"),
            0,
            &nothing,
            addr_of_mut!(now) as *mut c_void,
        );
        now.real_ms
    }

    /// Room for an answer to point at, which the host frees. `size` is above
    /// zero where anything is to be written.
    fn room(&self, call: &haft_call, size: usize) -> Result<*mut u8, Fault> {
        let room = unsafe { ((*self.0).alloc)((*self.0).this, call.id, size as u64) };
        if room.is_null() {
            return Err(Fault {
                class: RESOURCE,
                code: "sdk.memory",
                message: "no memory left".to_string(),
            });
        }
        Ok(room as *mut u8)
    }

    /// A copy for an answer to point at.
    pub fn keep(&self, call: &haft_call, text: &str) -> Result<Slice, Fault> {
        let p = self.room(call, text.len())?;
        unsafe { p.copy_from_nonoverlapping(text.as_ptr(), text.len()) };
        Ok(Slice {
            p,
            n: text.len() as u64,
        })
    }

    /// Likewise; what the items point at is not copied.
    pub fn keep_items<T>(&self, call: &haft_call, items: &[T]) -> Result<Array<T>, Fault> {
        let p = self.room(call, size_of::<T>() * items.len())? as *mut T;
        unsafe { p.copy_from_nonoverlapping(items.as_ptr(), items.len()) };
        Ok(Array {
            p,
            count: items.len() as u32,
            stride: size_of::<T>() as u32,
        })
    }

    fn fail(&self, call: u64, fault: &Fault) -> i32 {
        let mut told: haft_fault = fresh();
        told.fault_class = fault.class;
        told.code = Slice::of(fault.code);
        told.message = Slice::of(&fault.message);
        unsafe { ((*self.0).fault)((*self.0).this, call, &told) };
        -(fault.class as i32)
    }
}

/* ---- an instance ---- */

#[repr(C)]
pub struct haft_value {
    key: Slice,
    kind: u32,
    is_set: u32,
    number: i64,
    text: Slice,
}

/// What an instance is made from: the values of its section.
#[repr(C)]
pub struct haft_create {
    size: u32,
    _0: u32,
    pub name: Slice,
    values: Array<haft_value>,
}

impl haft_create {
    fn find(&self, key: &str) -> Option<&haft_value> {
        self.values.iter().find(|v| v.key.bytes() == key.as_bytes())
    }

    pub fn text(&self, key: &str) -> String {
        self.find(key)
            .map_or(String::new(), |v| v.text.text().into_owned())
    }

    /// Milliseconds, bytes, 0 or 1.
    pub fn number(&self, key: &str) -> i64 {
        self.find(key).map_or(0, |v| v.number)
    }
}

/// What an author's type is, whatever its kind. It is asked on one thread at a
/// time; a manifest that says "concurrent" needs more than this file has.
pub trait Plugin: Sized + Send + 'static {
    fn create(host: Host, with: &haft_create) -> Result<Self, Fault>;
}

#[repr(C)]
pub struct haft_instance {
    size: u32,
    _0: u32,
    objects: *const *const haft_object,
    destroy: unsafe extern "C" fn(*mut haft_instance),
}

#[repr(C)]
struct Instance<T> {
    instance: haft_instance, // first: what the host sees
    object: haft_object,
    list: [*const haft_object; 2],
    host: Host,
    plugin: T,
}

fn words_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let owned = panic.downcast_ref::<String>().map(String::as_str);
    text.or(owned)
        .unwrap_or("something was thrown that is no text")
        .to_string()
}

/// Nothing unwinds out of here.
fn guard(host: Host, call: u64, work: impl FnOnce() -> Result<(), Fault>) -> i32 {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(())) => 0,
        Ok(Err(fault)) => host.fail(call, &fault),
        Err(panic) => {
            let message = words_of(&*panic);
            host.fail(
                call,
                &Fault {
                    class: INTERNAL,
                    code: "sdk.panic",
                    message,
                },
            )
        }
    }
}

/// # Safety
/// `this` is an Instance<T>, as make made it.
pub unsafe fn asked<T>(
    this: *mut c_void,
    call: *const haft_call,
    work: impl FnOnce(&mut T, &haft_call) -> Result<(), Fault>,
) -> i32 {
    let it = this as *mut Instance<T>;
    guard((*it).host, (*call).id, || work(&mut (*it).plugin, &*call))
}

unsafe extern "C" fn destroy<T>(instance: *mut haft_instance) {
    let it = Box::from_raw(instance as *mut Instance<T>);
    let _ = catch_unwind(AssertUnwindSafe(|| drop(it)));
}

/// # Safety
/// The arguments are the host's, and the methods those of the interface.
pub unsafe fn make<T: Plugin>(
    host: *const haft_host,
    with: *const haft_create,
    out: *mut *mut haft_instance,
    interface: &'static haft_interface,
    methods: *const Method,
) -> i32 {
    let host = Host(host);
    guard(host, 0, || {
        let it = Box::into_raw(Box::new(Instance {
            instance: haft_instance {
                size: size_of::<haft_instance>() as u32,
                _0: 0,
                objects: null(),
                destroy: destroy::<T>,
            },
            object: haft_object {
                size: size_of::<haft_object>() as u32,
                count: interface.count,
                interface,
                methods,
                this: null_mut(),
            },
            list: [null(), null()],
            host,
            plugin: T::create(host, &*with)?,
        }));
        (*it).object.this = it as *mut c_void;
        (*it).list[0] = addr_of!((*it).object);
        (*it).instance.objects = addr_of!((*it).list) as *const *const haft_object;
        *out = it as *mut haft_instance;
        Ok(())
    })
}

/// A kind: the trait that an author's type has, and in a module of the kind's
/// name the tables, and what makes the trait's functions methods.
macro_rules! kind {
    ($kind:ident, $trait:ident, $id:literal {
        $($method:ident($in:ident $(, $out:ident)?) $flags:literal;)*
    }) => {
        pub trait $trait: Plugin {
            $(fn $method(
                &mut self,
                call: &haft_call,
                input: &$in,
                $(out: &mut $out,)?
            ) -> Result<(), Fault>;)*
        }

        pub mod $kind {
            use super::*;

            pub const KIND: *const c_char = cstr!($id);

            const SIGNATURES: &[haft_signature] = &[$(haft_signature {
                name: cstr!(stringify!($method)),
                flags: $flags,
                _0: 0,
                input: &<$in>::TABLE,
                out: [$(&<$out>::TABLE as *const haft_record,)? null()][0],
            }),*];

            const INTERFACE: &haft_interface = &haft_interface {
                id: KIND,
                size: size_of::<haft_interface>() as u32,
                count: SIGNATURES.len() as u32,
                stride: size_of::<haft_signature>() as u32,
                _0: 0,
                methods: SIGNATURES.as_ptr(),
            };

            struct Methods<T>(PhantomData<T>);
            impl<T: $trait> Methods<T> {
                const ALL: &'static [Method] = &[$($method::<T>),*];
            }

            $(unsafe extern "C" fn $method<T: $trait>(
                this: *mut c_void,
                call: *const haft_call,
                input: *const c_void,
                _out: *mut c_void,
            ) -> i32 {
                asked(this, call, |it: &mut T, call| {
                    it.$method(call, &*(input as *const $in) $(, &mut *(_out as *mut $out))?)
                })
            })*

            /// # Safety
            /// The host calls it.
            pub unsafe extern "C" fn create<T: $trait>(
                host: *const haft_host,
                with: *const haft_create,
                out: *mut *mut haft_instance,
            ) -> i32 {
                make::<T>(host, with, out, INTERFACE, Methods::<T>::ALL.as_ptr())
            }
        }
    };
}

kind!(notify, Notify, "haft.notify/1" {
    deliver(haft_notify_deliver_in) 8;
});
kind!(retry, Retry, "haft.retry/1" {
    decide(haft_retry_decide_in, haft_retry_decide_out) 12;
});
kind!(auth, Auth, "haft.auth/1" {
    authenticate(haft_auth_authenticate_in, haft_auth_authenticate_out) 8;
});
kind!(executor, Executor, "haft.executor/1" {
    start(haft_executor_start_in) 8;
    cancel(haft_executor_cancel_in) 8;
    recover(haft_executor_recover_in, haft_executor_recover_out) 8;
    release(haft_executor_release_in) 9;
});

/* ---- the module ---- */

type Create =
    unsafe extern "C" fn(*const haft_host, *const haft_create, *mut *mut haft_instance) -> i32;

#[repr(C)]
pub struct haft_class {
    pub size: u32,
    pub _0: u32,
    pub kind: *const c_char,
    pub name: *const c_char,
    pub create: Create,
}

#[repr(C)]
pub struct haft_module {
    pub size: u32,
    pub abi: u32,
    pub id: *const c_char,
    pub version: *const c_char,
    pub classes: *const *const haft_class,
}

/// Constants that hold pointers to constants.
#[repr(transparent)]
pub struct Shared<T>(pub T);
unsafe impl<T> Sync for Shared<T> {}

/// The manifest, where the host reads it without running any of this.
#[repr(C, align(4))]
pub struct Note<const N: usize> {
    name_size: u32,
    text_size: u32,
    kind: u32,
    name: [u8; 8],
    text: [u8; N],
}

impl<const N: usize> Note<N> {
    pub const fn new(text: [u8; N]) -> Note<N> {
        Note {
            name_size: 5,
            text_size: N as u32,
            kind: 1,
            name: *b"haft\0\0\0\0",
            text,
        }
    }
}

/// The module's one exported function, and its manifest.
macro_rules! module {
    ($id:literal, $version:literal, $kind:ident, $name:literal, $type:ty, $file:literal) => {
        #[used]
        #[link_section = ".note.haft"]
        static NOTE: haft_abi::Note<{ include_bytes!($file).len() }> =
            haft_abi::Note::new(*include_bytes!($file));

        #[no_mangle]
        pub extern "C" fn haft_module_v1() -> *const haft_abi::haft_module {
            use haft_abi::{haft_class, haft_module, Shared};
            use std::mem::size_of;
            static CLASS: Shared<haft_class> = Shared(haft_class {
                size: size_of::<haft_class>() as u32,
                _0: 0,
                kind: haft_abi::$kind::KIND,
                name: haft_abi::cstr!($name),
                create: haft_abi::$kind::create::<$type>,
            });
            static CLASSES: Shared<[*const haft_class; 2]> = Shared([&CLASS.0, std::ptr::null()]);
            static MODULE: Shared<haft_module> = Shared(haft_module {
                size: size_of::<haft_module>() as u32,
                abi: haft_abi::ABI,
                id: haft_abi::cstr!($id),
                version: haft_abi::cstr!($version),
                classes: CLASSES.0.as_ptr(),
            });
            &MODULE.0
        }
    };
}
pub(crate) use module;
